# shellcheck shell=bash
# Sourced by every script of infra/: where things lie, and the few words they all use.

set -euo pipefail
umask 022

INFRA=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
ROOT=$(dirname -- "$INFRA")

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "$*"; exit 1; }

# Unset: data/ of the clone. Set: as the caller's shell would read it. Everything else follows from this path.
DATA=$(realpath -m -- "${Panel__Data:-$ROOT/data}")
ID=$(printf %s "$DATA" | sha256sum | cut -c1-8)

# As root nothing but the data lies below the clone, because user panel, nginx and members cannot enter /root or /home;
# and no file that root writes or obeys lies where user panel could replace it.
if [ "$(id -u)" -eq 0 ]; then
  AS_ROOT=yes
  HOUSE=/srv/panel/$ID
  SOCKETS=/run/panel/$ID
  BUILD=/srv/panel/build-$(printf %s "$ROOT" | sha256sum | cut -c1-8)
else
  AS_ROOT=
  HOUSE=$DATA
  SOCKETS=$DATA/run
  BUILD=$DATA/build
fi
PROGRAMS=$HOUSE/programs
STATE=$HOUSE/launch
LOGS=$HOUSE/logs

# Settings in the form of environment variables: these names reach Panel.Web and Panel.Agent, the rest of the caller's
# environment (which may hold root's own secrets) does not.
settings() {
  local name
  while read -r name; do
    case $name in
      Urls | *__* | ASPNETCORE_* | DOTNET_* | LANG | LC_* | TZ | SSL_CERT_*) printf '%s=%s\n' "$name" "${!name}" ;;
    esac
  done < <(compgen -e)
}

# The links follow Urls unless PublicUrl says otherwise: a panel on another port must not print port 8080.
first_url() { printf %s "${Urls:-http://127.0.0.1:8080}" | cut -d';' -f1; }
port_of() { printf %s "$1" | sed -nE 's#^(https?)://(\[[^]]*\]|[^/:]*):([0-9]+).*#\3#p'; }
host_of() { printf %s "$1" | sed -nE 's#^(https?)://(\[[^]]*\]|[^/:]*).*#\2#p'; }
public_url() {
  local url port
  url=$(first_url) port=$(port_of "$url")
  printf %s "${Panel__PublicUrl:-${url%%:*}://localhost${port:+:$port}}"
}

# dotnet may be installed without being in root's PATH.
find_dotnet() {
  local at
  for at in "$(command -v dotnet || true)" "${DOTNET_ROOT:-}/dotnet" "$HOME/.dotnet/dotnet" /usr/share/dotnet/dotnet \
    /usr/lib/dotnet/dotnet /usr/local/share/dotnet/dotnet; do
    if [ -n "$at" ] && [ -x "$at" ] && grep -q '^10\.' <<<"$("$at" --list-sdks 2>/dev/null)"; then
      DOTNET=$(realpath -- "$at")
      DOTNET_ROOT=$(dirname -- "$DOTNET")
      export DOTNET_ROOT PATH="$DOTNET_ROOT:$PATH"
      return 0
    fi
  done
  return 1
}
need_dotnet() {
  find_dotnet || die "The .NET 10 SDK is needed and was not found; install it from https://dotnet.microsoft.com/download/dotnet/10.0 and try again."
  export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
  # No build server stays behind when a script has ended.
  export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false UseRazorBuildServer=false
}

# Mount points at or below a path, deepest first.
mounts_below() {
  awk -v at="$1" '{ p = $5; gsub(/\\040/, " ", p); if (p == at || index(p, at "/") == 1) print p }' /proc/self/mountinfo | sort -r
}
