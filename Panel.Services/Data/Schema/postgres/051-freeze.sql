-- The freeze walks a list page by page in the order of its people; without this each page sorts the whole list.
CREATE INDEX subscribers_in_order ON subscribers (list_id, id);
