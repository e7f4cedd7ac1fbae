# shellcheck shell=bash
# Debian packages: what is needed, what is missing, and an installation that starts and changes no service.

# What infra/run needs, and in addition what infra/test proves with.
RUN_PACKAGES=(
  nginx php8.2-fpm php8.2-cli php8.2-mysql php8.2-pgsql restic openssh-server openssh-client libnss-extrausers btrfs-progs quota acl postgresql mariadb-server
  curl jq bind9-dnsutils iproute2 util-linux procps ca-certificates openssl lego finger netcat-openbsd
)
TEST_PACKAGES=(
  postfix opendkim opendkim-tools pebble python3 python3-dkim nsd swaks wrk chromium user-mode-linux xfsprogs kmod fonts-liberation sqlite3 telnet shellcheck
)

POLICY=/usr/sbin/policy-rc.d
POLICY_KEPT=$POLICY.before-panel
POLICY_MARK='Written by Panel (infra/setup) for the length of one installation: no service is started or restarted.'
CLUSTERS=/etc/postgresql-common/createcluster.d
CLUSTER_RULE=$CLUSTERS/panel-setup.conf

need_debian_12() {
  local id version
  id=$(sed -n 's/^ID=//p' /etc/os-release 2>/dev/null | tr -d '"')
  version=$(sed -n 's/^VERSION_ID=//p' /etc/os-release 2>/dev/null | tr -d '"')
  [ "$id $version" = "debian 12" ] ||
    die "Panel is tested on Debian 12 only and this machine says it is ${id:-unknown} ${version:-}; other systems are refused until they are tested."
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
  done
}

put_policy_back() {
  rm -f -- "$CLUSTER_RULE"
  if [ -e "$POLICY_KEPT" ] || [ -L "$POLICY_KEPT" ]; then
    mv -f -- "$POLICY_KEPT" "$POLICY"
  elif grep -qsF "$POLICY_MARK" "$POLICY"; then
    rm -f -- "$POLICY"
  fi
}

# 101 is "forbidden by policy" (invoke-rc.d's interface); every maintainer script asks here before it starts anything.
put_policy() {
  # An earlier run may have been killed between the two: what it kept is the machine's own file.
  put_policy_back
  if [ -e "$POLICY" ] || [ -L "$POLICY" ]; then mv -- "$POLICY" "$POLICY_KEPT"; fi
  printf '#!/bin/sh\n# %s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
  chmod 755 "$POLICY"
  mkdir -p -- "$CLUSTERS"
  printf '# %s\ncreate_main_cluster = false\n' "$POLICY_MARK" >"$CLUSTER_RULE"
}

installed_packages() { dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u; }

# A machine with systemd would start the new units at its next boot: only those that came with new packages are disabled.
disable_new_units() {
  local package file unit
  if [ ! -d /run/systemd/system ]; then
    cat >/dev/null
    return 0
  fi
  while read -r package; do
    while read -r file; do
      unit=${file##*/}
      if [ "$(systemctl is-enabled "$unit" 2>/dev/null)" = enabled ]; then
        systemctl disable --quiet "$unit"
        say "  $unit came with $package and stays disabled."
      fi
    done < <(dpkg -L "$package" | grep -E '/systemd/system/[^/@]+\.(service|socket|timer|path)$')
  done
}

apt_install() {
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -- "$@" </dev/null
}

# A subshell, so that the policy is put back whatever ends it.
install_packages() (
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l NEEDRESTART_SUSPEND=1
  before=$(installed_packages)
  trap put_policy_back EXIT
  trap 'exit 130' INT TERM HUP
  put_policy
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    apt-get update -q </dev/null || die "The package lists could not be fetched; check the machine's network and its apt sources."
  fi
  # Old lists name versions that the mirror no longer has: fetch them once and try again.
  apt_install "$@" || { apt-get update -q </dev/null && apt_install "$@"; } ||
    die "These packages could not be installed; apt's own words are above."
  comm -13 <(printf '%s\n' "$before") <(installed_packages) | disable_new_units
)

# have_packages [--yes] PACKAGE...: lists what is missing, asks, installs.
have_packages() {
  local yes='' answer missing
  if [ "$1" = --yes ]; then
    yes=yes
    shift
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ -z "$AS_ROOT" ]; then
    warn "These Debian packages are missing and only root can install them: ${missing[*]}. Without them parts that need them do not run."
    return 0
  fi
  say "These Debian packages are missing: ${missing[*]}"
  if [ -z "$yes" ] && [ -t 0 ]; then
    read -r -p "Install them now? No service of this machine is started or changed. [Y/n] " answer
    case $answer in [nN]*) die "Nothing was installed; Panel needs these packages." ;; esac
  fi
  install_packages "${missing[@]}"
}
