#!/usr/bin/env bash
# A member's whole life by the command line: added, a site with TLS, a database that a PHP page uses, a task that ran, a file that the disk
# refuses, a backup, a file destroyed and restored, moved to the second host, suspended, resumed, exported, removed.
# Wants PANEL (the command), WORK (a folder), ONE and TWO (how a program gets onto each host; empty is here), KEY (a private SSH key),
# ROOTS (what visitors trust) and the hosts "one" and "two".
set -euo pipefail
: "${PANEL:?}" "${WORK:?}" "${TWO:?}" "${KEY:?}" "${ROOTS:?}"
me=lea

fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }
step() { printf '%s\n' "$1"; }

until_true() {
  local what=$1 deadline=$((SECONDS + 90))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what"
    sleep 0.2
  done
}

site() { "$PANEL" site show $me web --json | jq -r "$1"; }
site_is() { [ "$(site "$1")" = "$2" ]; }
# on HOST COMMAND...
on() {
  local way
  if [ "$1" = two ]; then read -ra way <<<"$TWO"; else way=(); fi
  shift
  "${way[@]}" "$@"
}
sftp_on() { on "$1" sftp -q -b - -i "$KEY" -P "$(site .sftp.port)" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o LogLevel=ERROR $me@127.0.0.1; }
page() { on "$1" curl -sS --max-time 20 -w ' %{http_code}' "$(site .url)$2"; }
has() { [ "$(page "$1" "$2")" = "$3" ]; }
trusted() { curl -fsS --max-time 20 --cacert "$ROOTS" --connect-to "lea.example:443:127.0.0.1:$HTTPS" https://lea.example/count.php >/dev/null 2>&1; }

"$PANEL" package add small --disk 41943040 --sites 3 --databases 2 --domains 3 --lists 1 --mails 100
"$PANEL" member add $me --email lea@example.org --name Lea --package small --host one --json | jq -er .inviteUrl >/dev/null
"$PANEL" key add $me --file "$KEY.pub"
"$PANEL" site add $me web --kind php --domain lea.example
until_true "the site is live" site_is .state live

password=$("$PANEL" database add $me shop --engine mariadb --json | jq -er .password)
cat >"$WORK/count.php" <<PHP
<?php
\$run = '/run/panel/host-' . explode('/', \$_SERVER['DOCUMENT_ROOT'])[3];
\$db = new mysqli(null, 'lea_shop', '$password', 'lea_shop', 0, "\$run/mariadb/mariadb.sock");
\$db->query('CREATE TABLE IF NOT EXISTS visits (n int)');
\$db->query('INSERT INTO visits VALUES (1)');
echo 'visit ', \$db->query('SELECT COUNT(*) FROM visits')->fetch_row()[0];
PHP
echo 'dear diary' >"$WORK/letter.txt"
path=$(site .sftp.path)
database_is() { [ "$("$PANEL" database list $me --json | jq -r '.[0].state')" = "$1" ]; }
until_true "the database is live" database_is live
sftp_on one <<<"put $WORK/count.php $path/count.php
put $WORK/letter.txt /home/letter.txt"
[ "$(page one count.php)" = 'visit 1 200' ] || fail "the page uses the database: $(page one count.php)"
until_true "the certificate is trusted" trusted
step 'site, certificate and database'

"$PANEL" task add $me tick --every daily@04:00 -- /usr/bin/touch ticked
until_true "the task ran" "$PANEL" task run $me tick --json >"$WORK/task.json"
sftp_on one <<<'ls /home/ticked' >/dev/null || fail "the task left its file"
step 'task'

head -c 60000000 /dev/urandom >"$WORK/large"
if sftp_on one <<<"put $WORK/large /home/large" >"$WORK/large.out" 2>&1; then fail "60 MB went into 40 MB"; fi
sftp_on one <<<'-rm /home/large' >/dev/null
step 'the disk refuses what is over the quota'

backup=$("$PANEL" backup make $me --json | jq -er .id)
sftp_on one <<<'rm /home/letter.txt' >/dev/null
"$PANEL" backup restore $me "$backup" --path home/letter.txt >/dev/null
sftp_on one <<<"get /home/letter.txt $WORK/back.txt" >/dev/null
cmp "$WORK/letter.txt" "$WORK/back.txt" || fail "the letter is back"
step 'backup and restore'

visits=$(page one count.php)
"$PANEL" member move $me two --json >"$WORK/move.json" || fail "the move: $(cat "$WORK/move.json")"
jq -e '.state == "kept" and .report.same and (.report.from.databases | length) == 1' "$WORK/move.json" >/dev/null || fail "both sides are the same: $(cat "$WORK/move.json")"
[ "$("$PANEL" host show two --json | jq -r '.accounts[0].handle')" = $me ] || fail "the second host shows the account"
until_true "the site is live on the second host" site_is .state live
want="visit $(($(cut -d' ' -f2 <<<"$visits") + 1)) 200"
got=$(page two count.php)
[ "$got" = "$want" ] || fail "the second host counts on: $got, not $want"
sftp_on two <<<"get /home/letter.txt $WORK/moved.txt" >/dev/null
cmp "$WORK/letter.txt" "$WORK/moved.txt" || fail "the letter moved"
sftp_on two <<<'rm /home/letter.txt' >/dev/null
"$PANEL" backup restore $me "$backup" --path home/letter.txt >/dev/null
sftp_on two <<<"get /home/letter.txt $WORK/again.txt" >/dev/null
cmp "$WORK/letter.txt" "$WORK/again.txt" || fail "the backup moved along"
step 'moved, and its backups with it'

"$PANEL" member suspend $me >/dev/null
until_true "the site is suspended" site_is .state suspended
[[ "$(page two count.php)" == *503 ]] || fail "a suspended site answers 503"
if sftp_on two <<<'ls' >/dev/null 2>&1; then fail "a suspended member came in by SFTP"; fi
"$PANEL" member resume $me >/dev/null
until_true "the site is live again" site_is .state live
[[ "$(page two count.php)" == *200 ]] || fail "a resumed site answers"
step 'suspended and resumed'

"$PANEL" member export $me "$WORK/all.tar.gz" >/dev/null
tar -tzf "$WORK/all.tar.gz" >"$WORK/all.txt"
for part in README.txt account.json hosting/home/letter.txt hosting/databases/shop.mariadb.sql hosting/sites/web/public/count.php; do
  grep -qxF "$part" "$WORK/all.txt" || fail "$part is in the export"
done
step 'exported'

url=$(site .url)
"$PANEL" member remove $me >/dev/null
gone() { [ "$(on two curl -sS -o /dev/null --max-time 20 -w '%{http_code}' "$url")" = 404 ]; }
until_true "the site is gone" gone
[ "$("$PANEL" member show $me --json | jq -r .state)" = removed ] || fail "the member is removed"
if "$PANEL" member add $me --email other@example.org 2>/dev/null; then fail "a handle was given twice"; fi
"$PANEL" audit --verify >/dev/null
echo 'life complete'
