#!/usr/bin/env bash
# The whole life of a small member by the command line alone: invited, a site by SFTP, PHP under the own uid, finger with
# posts, following and a report, a list
# with double opt-in, an issue, one click out, and the next issue that says why somebody got nothing.
# Wants PANEL (the command), HOUSE (a folder; smtp-sink writes into $HOUSE/mails) and Panel__PublicUrl.
set -euo pipefail
: "${PANEL:?}" "${HOUSE:?}" "${Panel__PublicUrl:?}"
me=carol
work=$(mktemp -d "$HOUSE/cli.XXXXXX")

fail() { printf 'FAILED: %s\n' "$1" >&2; exit 1; }

# until_true WHAT COMMAND...: runs it until it succeeds, at most 90 seconds.
until_true() {
  local what=$1 deadline=$((SECONDS + 90))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what"
    sleep 0.2
  done
}

field() { jq -er "$1"; }
site_is() { [ "$("$PANEL" site show $me "$1" --json | jq -r .state)" = "$2" ]; }
issue_is() { [ "$("$PANEL" issue report "$1" --json | jq -r .state)" = "$2" ]; }
# A mail is whole once smtp-sink has written its last line; base64 and quoted-printable bodies are opened.
mail_of() { grep -lrF "<$1>" "$HOUSE/mails" | xargs -r grep -lF "$2" | tail -n 1; }
has_mail() { [ -n "$(mail_of "$1" "$2")" ]; }
body_of() { sed -e '1,/^\r\{0,1\}$/d' "$1" | tr -d '\r' | base64 -d 2>/dev/null; }
upload() { printf '%s\n' "$@" | sftp -q -b - -i "$work/key" -P "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes "$me@127.0.0.1"; }
serves() { [ "$(curl -fsS --max-time 10 "$1" 2>/dev/null)" = "$2" ]; }

"$PANEL" member add $me --email carol@example.org --name "Carol" --json | field .inviteUrl >/dev/null
"$PANEL" site add $me web --kind static
"$PANEL" site add $me app --kind php
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
"$PANEL" key add $me --file "$work/key.pub"
until_true "web is live" site_is web live
until_true "app is live" site_is app live

web=$("$PANEL" site show $me web --json)
app=$("$PANEL" site show $me app --json)
port=$(field .sftp.port <<<"$web")
echo 'Hello from Carol' >"$work/index.html"
# shellcheck disable=SC2016
echo '<?php echo posix_getuid();' >"$work/index.php"
until_true "SFTP takes the pages" upload "put $work/index.html $(field .sftp.path <<<"$web")/index.html" "put $work/index.php $(field .sftp.path <<<"$app")/index.php"
until_true "the page is served" serves "$(field .url <<<"$web")" 'Hello from Carol'
until_true "PHP runs as the member" serves "$(field .url <<<"$app")" "$(id -u $me)"

printf 'Painting the stairwell.\nBring a chair.\n' >"$work/plan"
"$PANEL" finger set $me --plan "$work/plan" --name 'Carol' --shown
"$PANEL" finger show $me | grep -q 'Bring a chair' || fail "finger show prints the plan"
finger "$me@localhost" | tr -d '\r' | grep -q '^Bring a chair\.$' || fail "Debian's finger prints the plan"

here=$("$PANEL" finger show $me --json | field .address | cut -d@ -f2)
"$PANEL" member add dave --email dave@example.org
"$PANEL" post add dave --text "@$me@$here the stairs are painted #opening"
[ "$("$PANEL" follow add $me "dave@$here")" = "dave@$here" ] || fail "follow add prints the address"
if "$PANEL" follow add $me "dave@127.0.0.1" 2>"$work/refused"; then fail "a private network is not fingered"; fi
grep -q 'may not be fingered from here' "$work/refused" || fail "the refusal says why"
first=$("$PANEL" post add $me --text "@dave thank you, \"see\" you there")
[ "$("$PANEL" timeline $me --json | jq -r '[.[].address] | join(" ")')" = "$me@$here dave@$here" ] || fail "both are in the timeline, the newest first"
[ "$("$PANEL" timeline --json --tag opening | jq -r '.[0].text')" = "@$me@$here the stairs are painted #opening" ] || fail "the tag is found in the house"
finger "$me@localhost" | tr -d '\r' >"$work/finger"
grep -q '{"text": "@dave thank you, \\"see\\" you there", "time": "[0-9]\{14\}"}' "$work/finger" || fail "Debian's finger prints the post as Thimbl: $(cat "$work/finger")"
grep -q "{\"nick\": \"dave\", \"address\": \"dave@$here\"}" "$work/finger" || fail "Debian's finger prints whom $me follows: $(cat "$work/finger")"
finger -l "$me@localhost" | tr -d '\r' >"$work/wide"
grep -qF "SSH key: $(ssh-keygen -lf "$work/key.pub" | cut -d' ' -f2) (ssh-ed25519)" "$work/wide" || fail "the long answer has the key's fingerprint: $(cat "$work/wide")"
grep -qF "Feed: $Panel__PublicUrl/~$me/atom.xml" "$work/wide" || fail "the long answer has the feed: $(cat "$work/wide")"
curl -fsS "$Panel__PublicUrl/~$me/atom.xml" | grep -q "$me/$first</id>" || fail "the post is in the feed under its id"
"$PANEL" post remove $me "$first"
"$PANEL" follow remove $me "dave@$here"
[ "$("$PANEL" timeline $me --json)" = '[]' ] || fail "nobody is left in the timeline"
curl -fsS -o /dev/null -d Reason=Spam -d Text='Buy now' "$Panel__PublicUrl/~dave/report"
report=$("$PANEL" finger reports --json | field '.[0].id')
[ "$("$PANEL" finger answer "$report" --take-down --reason 'No advertising')" = takenDown ] || fail "a report is answered"
finger dave@localhost | grep -q 'There is nobody here by that name' || fail "who is taken down does not answer"
"$PANEL" finger withhold dave --end

"$PANEL" list add $me letters --title 'Letters from Carol' --from 'Carol <letters@carol.example>'
printf 'email\nfriend@example.net\n' >"$work/people.csv"
"$PANEL" subscriber import $me/letters "$work/people.csv" --consent 'Signed the paper list at the opening in May'
curl -fsS -o /dev/null -d email=visitor@example.net "$Panel__PublicUrl/lists/$me/letters"
until_true "the confirmation mail" has_mail visitor@example.net 'Auto-Submitted'
confirm=$(body_of "$(mail_of visitor@example.net 'Auto-Submitted')" | grep -o 'http[^ ]*/c/[a-z0-9]*')
curl -fsS -o /dev/null -X POST "$confirm"
[ "$("$PANEL" subscriber list $me/letters --state confirmed --json | jq length)" = 2 ] || fail "two people are confirmed"

printf '# Opening\n\nOn Friday, {name|friend}. Bring a chair.\n' >"$work/issue.md"
first=$("$PANEL" issue add $me/letters --subject 'Opening on Friday' --markdown "$work/issue.md" --json | field .id)
"$PANEL" issue send "$first"
until_true "the first issue is sent" issue_is "$first" sent
until_true "the visitor's mail" has_mail visitor@example.net 'List-Unsubscribe-Post: List-Unsubscribe=One-Click'
leave=$(tr -d '\r' <"$(mail_of visitor@example.net 'List-Unsubscribe-Post')" | grep -A2 '^List-Unsubscribe:' | grep -o 'http[^>]*' | head -n 1)
[ "$(curl -sS -o /dev/null -w '%{http_code}' -d 'List-Unsubscribe=One-Click' "$leave")" = 200 ] || fail "one click is answered 200"

second=$("$PANEL" issue add $me/letters --subject 'Thank you' --markdown "$work/issue.md" --json | field .id)
"$PANEL" issue send "$second"
until_true "the second issue is sent" issue_is "$second" sent
report=$("$PANEL" issue report "$second" --deliveries --json)
jq -e '.recipients == .sent + .failed + .unknown + .skipped + .deferred + .queued' <<<"$report" >/dev/null || fail "the report adds up: $report"
jq -e '.deliveries[] | select(.email == "visitor@example.net") | .state == "skipped" and (.reason | length > 0)' <<<"$report" >/dev/null || fail "the one who left is skipped, with the reason: $report"
jq -e '.deliveries[] | select(.email == "friend@example.net") | .state == "sent"' <<<"$report" >/dev/null || fail "the friend got it: $report"

# A part of the list, a second pair of eyes, and the whole list out and in again.
part=$("$PANEL" segment add $me/letters friends --where 'email contains friend@' --where 'not state is left' --json | field .id)
"$PANEL" list set $me/letters --approval yes --fields city
third=$("$PANEL" issue add $me/letters --subject 'For friends' --markdown "$work/issue.md" --segment "$part" --json | field .id)
if "$PANEL" issue send "$third" 2>"$work/no"; then fail "an issue went out that nobody had approved"; fi
grep -q 'approve this version' "$work/no" || fail "the refusal says what is missing: $(cat "$work/no")"
"$PANEL" issue approve "$third" --version-seen "$("$PANEL" issue approve "$third" --json | field .version)"
if "$PANEL" issue send "$third" 2>"$work/no"; then fail "who approved sent it off as well"; fi
"$PANEL" list set $me/letters --approval no
"$PANEL" issue send "$third"
until_true "the third issue is sent" issue_is "$third" sent
"$PANEL" issue report "$third" --json | jq -e '.recipients == 1 and .sent == 1' >/dev/null || fail "only the segment got it"
"$PANEL" list export $me/letters "$work/letters.zip"
"$PANEL" list import $me moved "$work/letters.zip"
[ "$("$PANEL" subscriber list $me/moved --state left --json | jq -r '.[].email')" = visitor@example.net ] || fail "who left has left in the moved list too"

"$PANEL" audit --member $me | grep -q site.add || fail "the audit knows the site"
"$PANEL" audit --verify
echo 'journey complete'
