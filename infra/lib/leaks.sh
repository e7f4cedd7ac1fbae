# shellcheck shell=bash
# What tests leave behind on the machine. Processes are recognised by PANEL_TEST_RUN in their environment, which
# everything that a test starts inherits, and by the uids that only Panel's agent hands out.

our_mounts() { awk '{ print $5 }' /proc/self/mountinfo | grep -E '^/(srv|run|tmp)/|panel' | sort || true; }
our_users() { cut -d: -f1,3 /var/lib/extrausers/passwd 2>/dev/null | sort || true; }
name_switch() { grep -E '^(passwd|group|shadow):' /etc/nsswitch.conf || true; }

# 200000 to 299999 is the agent's range (infra/agent/Identity.cs).
our_processes() {
  local at pid
  for at in /proc/[0-9]*; do
    pid=${at#/proc/}
    if grep -qzsxF "PANEL_TEST_RUN=$TEST_MARK" "$at/environ" 2>/dev/null ||
      awk '/^Uid:/ { exit !($2 >= 200000 && $2 <= 299999) }' "$at/status" 2>/dev/null; then
      printf '%s\n' "$pid"
    fi
  done
}

remember() {
  our_mounts >"$1.mounts"
  our_users >"$1.users"
  name_switch >"$1.names"
  our_processes | sort >"$1.processes"
}

nothing_left() {
  local pid clean=yes deadline=$((SECONDS + 10)) left
  # What is being ended by the last test may need a moment; what stays after ten seconds is a leak.
  while :; do
    left=$(comm -13 "$1.processes" <(our_processes | sort) | while read -r pid; do ps -o pid=,user=,args= -p "$pid" || true; done)
    if [ -z "$left" ] || [ "$SECONDS" -ge "$deadline" ]; then break; fi
    sleep 0.2
  done
  if [ -n "$left" ]; then clean='' && warn "Processes left by the tests:" && warn "$left"; fi
  left=$(comm -13 "$1.mounts" <(our_mounts))
  if [ -n "$left" ]; then clean='' && warn "Mounts left by the tests:" && warn "$left"; fi
  left=$(comm -13 "$1.users" <(our_users))
  if [ -n "$left" ]; then clean='' && warn "Users left by the tests:" && warn "$left"; fi
  left=$(name_switch | diff "$1.names" - || true)
  if [ -n "$left" ]; then clean='' && warn "nsswitch.conf changed by the tests:" && warn "$left"; fi
  [ -n "$clean" ]
}
