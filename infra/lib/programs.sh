# shellcheck shell=bash
# The feed probe and the published programs.

PROPS=$ROOT/Panel.local.props

# Asks the feed once whether it has MailKit. Only an answer is written down; silence leaves things as they are.
probe_mailkit() {
  local wanted there said version
  grep -qs '<UseMailKit>' "$PROPS" && return 0
  wanted=$(sed -nE 's#.*<MailKitVersion[^>]*>([^<]+)</MailKitVersion>.*#\1#p' "$ROOT/Directory.Packages.props")
  [ -n "$wanted" ] || return 0
  there=$(mktemp -d)
  printf '%s\n' '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework>' \
    '<NoWarn>NU1603</NoWarn></PropertyGroup><ItemGroup>' \
    "<PackageReference Include=\"MailKit\" Version=\"[$wanted, 5.0.0)\" /></ItemGroup></Project>" >"$there/Probe.csproj"
  cp -- "$ROOT"/[nN]u[gG]et.[cC]onfig "$there/" 2>/dev/null || true
  if said=$(cd -- "$there" && TERM=dumb dotnet restore Probe.csproj -v m </dev/null 2>&1); then
    version=$(jq -r '.libraries | keys[] | select(startswith("MailKit/")) | ltrimstr("MailKit/")' "$there/obj/project.assets.json" 2>/dev/null ||
      sed -nE '/"MailKit\/[0-9]/{s#.*"MailKit/([0-9.]+)".*#\1#p;q}' "$there/obj/project.assets.json")
    write_mailkit true "<MailKitVersion>${version:-$wanted}</MailKitVersion>"
    say "The package feed has MailKit ${version:-$wanted}: this build includes the mailkit transport."
  elif grep -qE 'NU110[123]' <<<"$said"; then
    write_mailkit false ''
    say "The package feed answers that it has no MailKit $wanted or newer: this build has the transports pickup and smtp."
  else
    say "The package feed did not answer whether it has MailKit: left as it is, and asked again next time."
  fi
  rm -rf -- "$there"
}

write_mailkit() {
  cat >"$PROPS" <<XML
<Project>
  <!-- Written by infra/setup from the feed's answer; remove this file to have it asked again. -->
  <PropertyGroup>
    <UseMailKit>$1</UseMailKit>$2
  </PropertyGroup>
</Project>
XML
}

# A fingerprint of everything that goes into the programs: names, sizes, times and the SDK.
sources() {
  {
    (cd -- "$ROOT" && find Panel.Web Panel.Services infra/agent infra/lib/programs.sh ./*.props global.json -type f \
      ! -path '*/bin/*' ! -path '*/obj/*' -printf '%p %s %T@\n' | LC_ALL=C sort)
    dotnet --list-sdks
  } | sha256sum | cut -c1-12
}

machine() { case $(uname -m) in aarch64) echo linux-arm64 ;; *) echo linux-x64 ;; esac; }

# publish_one PROJECT TO: ahead-of-time code halves the start of the command line; a feed without that compiler is no reason to stop.
publish_one() {
  local with=(-c Release -v q -nologo --artifacts-path "$BUILD/work" -r "$(machine)" --no-self-contained -o "$2")
  # Told of a terminal, dotnet would write control sequences to it.
  TERM=dumb dotnet publish "$ROOT/$1" "${with[@]}" -p:PublishReadyToRun=true </dev/null >"$BUILD/log" 2>&1 ||
    TERM=dumb dotnet publish "$ROOT/$1" "${with[@]}" </dev/null >"$BUILD/log" 2>&1 || {
    grep -E 'error|warn' "$BUILD/log" | sort -u | head -n 20 >&2 || tail -n 20 "$BUILD/log" >&2
    die "$1 does not build; the whole output is in $BUILD/log."
  }
}

# User panel cannot run a dotnet that lies in /root: then the runtime is copied beside the programs.
place_runtime() {
  local part
  [ -n "$AS_ROOT" ] || return 0
  if as_panel test -x "$DOTNET_ROOT/dotnet" 2>/dev/null && as_panel ls "$DOTNET_ROOT/shared" >/dev/null 2>&1; then return 0; fi
  mkdir -p -- "$1/dotnet/shared"
  cp -R -- "$DOTNET_ROOT/dotnet" "$DOTNET_ROOT/host" "$1/dotnet/"
  for part in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    cp -R -- "$DOTNET_ROOT/shared/$part" "$1/dotnet/shared/"
  done
  chmod -R u=rwX,go=rX "$1/dotnet"
}

# Built once per clone and source state, whatever number of data directories is tried with it.
build_programs() {
  local out=$BUILD/$1
  if [ -d "$out" ]; then return 0; fi
  say "Building Panel (about a minute the first time)."
  rm -rf -- "$BUILD"/new "$BUILD"/[0-9a-f]*
  mkdir -p -- "$BUILD/new"
  publish_one Panel.Web "$BUILD/new/web"
  publish_one infra/agent "$BUILD/new/agent"
  place_runtime "$BUILD/new"
  mv -- "$BUILD/new" "$out"
}

# Programs of one source state lie in one directory; $PROGRAMS is a link, so that a running panel keeps its own files.
publish_programs() {
  local to old state
  state=$(sources)
  to=$PROGRAMS.$state
  if [ "$(readlink -- "$PROGRAMS" || true)" = "${to##*/}" ] && [ -x "$to/web/Panel.Web" ] && [ -x "$to/agent/Panel.Agent" ]; then
    return 0
  fi
  mkdir -p -- "$BUILD"
  exec 7>"$BUILD/lock"
  flock -w 900 7 || die "Another build in $BUILD has not ended for fifteen minutes; try again when it is done."
  build_programs "$state"
  rm -rf -- "$to" "$to.new"
  cp -R -- "$BUILD/$state" "$to.new"
  exec 7>&-
  mv -- "$to.new" "$to"
  old=$(readlink -- "$PROGRAMS" || true)
  ln -s -- "${to##*/}" "$PROGRAMS.link"
  mv -fT -- "$PROGRAMS.link" "$PROGRAMS"
  for to in "$PROGRAMS".*; do
    case ${to##*/} in "$(readlink -- "$PROGRAMS")" | "$old") ;; *) rm -rf -- "$to" ;; esac
  done
}

# The runtime that the programs use: the machine's, or the copy beside them.
runtime_root() { if [ -d "$PROGRAMS/dotnet" ]; then printf %s "$PROGRAMS/dotnet"; else printf %s "${DOTNET_ROOT:-}"; fi; }

as_panel() { setpriv --reuid panel --regid panel --init-groups --no-new-privs --inh-caps=-all --ambient-caps=-all -- "$@"; }
