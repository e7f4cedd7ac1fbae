-- PostgreSQL keeps its index over all states: a new version of a row is in every index anyway.
SELECT 1;
