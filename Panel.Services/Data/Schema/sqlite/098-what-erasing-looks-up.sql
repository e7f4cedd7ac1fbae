-- An erasure finds its rows by these, and the end of a list its references.
CREATE INDEX letters_list ON letters (list_id) WHERE list_id IS NOT NULL;
CREATE INDEX suppressions_list ON suppressions (list_id) WHERE list_id IS NOT NULL;
CREATE INDEX suppressions_to_erase ON suppressions (member_id) WHERE reason <> 'erased';
