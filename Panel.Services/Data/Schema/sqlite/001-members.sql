CREATE TABLE house_settings (
  name text PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE protection_keys (
  id integer PRIMARY KEY AUTOINCREMENT,
  name text NOT NULL,
  sealed blob NOT NULL
);

CREATE TABLE packages (
  id integer PRIMARY KEY AUTOINCREMENT,
  name text NOT NULL UNIQUE,
  disk_bytes integer NOT NULL,
  sites integer NOT NULL,
  databases integer NOT NULL,
  domains integer NOT NULL,
  lists integer NOT NULL,
  mails integer NOT NULL
);

INSERT INTO packages (name, disk_bytes, sites, databases, domains, lists, mails)
VALUES ('standard', 1073741824, 10, 5, 10, 5, 50000);

CREATE TABLE members (
  id integer PRIMARY KEY AUTOINCREMENT,
  handle text NOT NULL UNIQUE,
  normalized_handle text NOT NULL UNIQUE,
  email text,
  normalized_email text,
  email_confirmed integer NOT NULL,
  password_hash text,
  security_stamp text,
  concurrency_stamp text,
  phone_number text,
  phone_number_confirmed integer NOT NULL,
  two_factor_enabled integer NOT NULL,
  lockout_end text,
  lockout_enabled integer NOT NULL,
  access_failed_count integer NOT NULL,
  totp_secret text,
  totp_step integer,
  name text NOT NULL,
  package_id integer NOT NULL REFERENCES packages (id),
  created_at text NOT NULL,
  joined_at text,
  admin_at text,
  suspended_at text,
  removed_at text
);

CREATE INDEX members_email ON members (normalized_email);

CREATE TABLE member_claims (
  id integer PRIMARY KEY AUTOINCREMENT,
  user_id integer NOT NULL REFERENCES members (id),
  claim_type text,
  claim_value text
);

CREATE TABLE member_logins (
  login_provider text NOT NULL,
  provider_key text NOT NULL,
  provider_display_name text,
  user_id integer NOT NULL REFERENCES members (id),
  PRIMARY KEY (login_provider, provider_key)
);

CREATE TABLE member_tokens (
  user_id integer NOT NULL REFERENCES members (id),
  login_provider text NOT NULL,
  name text NOT NULL,
  value text,
  PRIMARY KEY (user_id, login_provider, name)
);

CREATE TABLE member_passkeys (
  credential_id blob PRIMARY KEY NOT NULL,
  user_id integer NOT NULL REFERENCES members (id),
  data text NOT NULL
);

CREATE INDEX member_passkeys_member ON member_passkeys (user_id);

CREATE TABLE recovery_codes (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  code_hash text NOT NULL UNIQUE,
  used_at text
);

CREATE INDEX recovery_codes_member ON recovery_codes (member_id);

CREATE TABLE invitations (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer REFERENCES members (id),
  token_hash text NOT NULL UNIQUE,
  created_at text NOT NULL,
  expires_at text NOT NULL,
  used_at text
);

CREATE TABLE sessions (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  key_hash text NOT NULL UNIQUE,
  browser text NOT NULL,
  way text NOT NULL,
  created_at text NOT NULL,
  seen_at text NOT NULL,
  ended_at text
);

CREATE INDEX sessions_member ON sessions (member_id, id);

CREATE TABLE api_tokens (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  name text NOT NULL,
  token_hash text NOT NULL UNIQUE,
  scopes text NOT NULL,
  created_at text NOT NULL,
  expires_at text NOT NULL,
  revoked_at text
);

CREATE INDEX api_tokens_member ON api_tokens (member_id, id);
