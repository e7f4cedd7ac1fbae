# shellcheck shell=bash
# Processes are known by pid and start time, written to $STATE/NAME.pid; never by name, because pids are reused and
# others may run the same programs.

# Field 22 of /proc/PID/stat, counted after the command's closing bracket (proc(5)).
start_of() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # State is field 3; a zombie no longer runs anything.
  [ "${stat%% *}" != Z ] || return 1
  printf %s "$stat" | cut -d' ' -f20
}

# record NAME PID: boot id included, since start times begin again with every boot.
record() {
  local start
  start=$(start_of "$2") || return 0
  printf '%s %s %s\n' "$2" "$start" "$(cat /proc/sys/kernel/random/boot_id)" >"$STATE/$1.pid.new"
  mv -f -- "$STATE/$1.pid.new" "$STATE/$1.pid"
}

# Prints the pid of NAME when that very process still lives.
pid_of() {
  local pid start boot
  read -r pid start boot 2>/dev/null <"$STATE/$1.pid" || return 1
  [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] && [ "$(start_of "$pid")" = "$start" ] && printf '%s\n' "$pid"
}

# end NAME SECONDS: asks, waits, insists. Idempotent.
end() {
  local pid deadline=$((SECONDS + $2))
  if pid=$(pid_of "$1"); then
    kill -TERM "$pid" 2>/dev/null || true
    while pid_of "$1" >/dev/null; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        warn "$1 (pid $pid) did not end within $2 seconds and was killed."
        kill -KILL "$pid" 2>/dev/null || true
        deadline=$((SECONDS + $2))
      fi
      sleep 0.05
    done
    # Its parent has two seconds to take it from the process table; who counts processes next finds none.
    deadline=$((SECONDS + 2))
    while [ -d "/proc/$pid" ] && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.05; done
  fi
  rm -f -- "$STATE/$1.pid"
}

# Who listens on ADDRESS PORT, in words; fails when nobody does. A wildcard on either side meets every address.
holder_of() {
  local address=$1 port=$2 local_address who
  [ "$address" != localhost ] || address=127.0.0.1
  while read -r local_address who; do
    case "${local_address%:*}:$address" in
      "$address:$address" | '*:'* | '0.0.0.0:'* | '[::]:'* | *':*' | *':+' | *':0.0.0.0' | *':[::]')
        printf %s "$who" | sed -nE 's/.*"([^"]+)",pid=([0-9]+).*/\1 (pid \2)/p' | grep . || printf 'another process\n'
        return 0
        ;;
    esac
  done < <(ss -Hltnp "sport = :$port" | awk '{ print $4, $6 }')
  return 1
}
