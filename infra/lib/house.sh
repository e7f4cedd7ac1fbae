# shellcheck shell=bash
# Where Panel.Web finds its data and sockets, made before it starts and taken away by infra/stop.

# Marks a directory as Panel's, so that a slip in Panel__Data never changes the owner of somebody's home or of /srv.
MARK=.panel

check_data() {
  if [ -d "$DATA" ] && [ ! -e "$DATA/$MARK" ] && [ ! -e "$DATA/panel.db" ] && [ ! -e "$DATA/keys" ] &&
    [ -n "$(find "$DATA" -mindepth 1 -maxdepth 1 ! -name run ! -name 'programs*' ! -name 'build*' ! -name setup.lock \
      ! -name launch ! -name logs -print -quit)" ]; then
    die "Panel__Data: $DATA holds files that are not Panel's; expected is a new or empty directory, or one that Panel made."
  fi
}

claim_data() {
  mkdir -p -- "$DATA"
  # Members run programs on this machine; nothing of Panel's data is theirs to read.
  chmod 700 "$DATA"
  # Exclusive (set -C): user panel owns this directory and could have left a link there.
  [ -e "$DATA/$MARK" ] || (set -C; echo "Panel's data. Made by infra/run; infra/stop leaves it." >"$DATA/$MARK")
}

make_house() {
  claim_data
  if [ -z "$AS_ROOT" ]; then
    [ "${#SOCKETS}" -le 95 ] ||
      die "Panel__Data: $DATA is too long for the sockets in it (a Unix socket's path has 108 bytes); expected is a shorter path."
    mkdir -p -- "$SOCKETS" "$STATE" "$LOGS"
    chmod 700 "$SOCKETS"
    WEB_DATA=$DATA
    return
  fi
  mkdir -p -- "$STATE" "$LOGS" /run/panel
  chmod 700 "$STATE" "$LOGS"
  # Sticky: Panel.Web makes its sockets here and cannot rename what the agent puts beside them.
  install -d -m 1775 -o root -g panel "$SOCKETS"
  # Only when the directory is not panel's yet (a new one, or one that was used without root): never again afterwards,
  # so that root does not walk a tree that user panel can change.
  if [ "$(stat -c %U -- "$DATA")" != panel ]; then chown -Rh panel:panel -- "$DATA"; fi
  link_to "$SOCKETS" "$DATA/run"
  link_to "$LOGS" "$DATA/logs"
  WEB_DATA=$DATA
  if ! as_panel test -w "$DATA" 2>/dev/null; then
    WEB_DATA=$HOUSE/data
    mkdir -p -- "$WEB_DATA"
    mountpoint -q "$WEB_DATA" || mount --bind -- "$DATA" "$WEB_DATA" ||
      die "$DATA lies where user panel cannot go, and binding it at $WEB_DATA failed; set Panel__Data to a directory that user panel can reach, for example below /srv."
    mount --make-private -- "$WEB_DATA"
  fi
}

# A directory of an earlier run without root gives way; anything else that is in the way is named.
link_to() {
  if [ -L "$2" ] || [ ! -e "$2" ]; then
    ln -sfnT -- "$1" "$2"
  elif [ -d "$2" ]; then
    rm -rf -- "$2"
    ln -sT -- "$1" "$2"
  else
    die "$2 is in the way: expected is a directory or nothing."
  fi
}

# Takes away what make_house mounted and linked. Idempotent; data, accounts, programs and logs stay.
clear_house() {
  local at
  [ -n "$AS_ROOT" ] || { rm -f -- "$SOCKETS"/*.sock 2>/dev/null || true; return 0; }
  while read -r at; do
    umount -- "$at" 2>/dev/null || umount -l -- "$at" || warn "$at could not be unmounted."
  done < <(mounts_below "$HOUSE")
  rmdir -- "$HOUSE/data" 2>/dev/null || true
  if [ -L "$DATA/run" ]; then rm -f -- "$DATA/run"; fi
  rm -rf --one-file-system -- "$SOCKETS"
  rmdir -- /run/panel 2>/dev/null || true
}
