# shellcheck shell=sh
# Steps that the scripts share. Sourced from the repository's root by a script with `set -eu`.

NODE_VERSION=24.21.0
NODE_HOME="$PWD/.tools/node"
MACHINE_PATH=$PATH
# The folders of administrators' programs are not on everybody's PATH, but dockerd is in one of them.
PATH="$NODE_HOME/bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH
# Compiled scripts are kept, so that a start costs a third.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/.tools/compile-cache}"
export NODE_COMPILE_CACHE

# What script/lib/engine-answers.ts exits with: an engine is there, but not for this user; none listens.
ENGINE_FORBIDS=3
ENGINE_ABSENT=4

step() { printf '==> %s\n' "$*"; }

# fail MESSAGE REMEDY
fail() {
  printf 'slipway: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
  exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Says every ten seconds that the script is still at it, until it is killed or the script has ended.
tick() {
  passed=0
  while sleep 10 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    passed=$((passed + 10))
    printf '    %s s …\n' "$passed"
  done
}

# Runs a command and shows that time passes; its output is shown only when it fails.
quietly() {
  log=$(mktemp)
  tick &
  ticker=$!
  status=0
  "$@" >"$log" 2>&1 || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# apt_install PACKAGE…: needs root; says what to do otherwise.
apt_install() {
  command -v apt-get >/dev/null || fail "this machine has no apt-get" "Install by hand: $*"
  is_root || fail "$* must be installed, which needs root" "Run: sudo apt-get install -y $*"
  step "Installing $* (apt)"
  quietly apt-get update -qq || fail "apt-get update failed"
  DEBIAN_FRONTEND=noninteractive quietly apt-get install -y -qq --no-install-recommends "$@" || fail "apt-get install $* failed"
}

node_is_new_enough() {
  command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge 24 ]
}

install_npm() {
  if command -v npm >/dev/null; then return; fi
  apt_install npm
}

install_node() {
  if node_is_new_enough; then return; fi
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "no Node build for $(uname -m)" "Install Node 24 yourself and put it on the PATH." ;;
  esac
  install_npm
  step "Fetching Node $NODE_VERSION (npm package node-linux-$arch, about 50 MB)"
  target=".tools/node-$NODE_VERSION"
  fetched=$(mktemp -d)
  (cd "$fetched" && quietly npm pack --silent "node-linux-$arch@$NODE_VERSION") || fail "Node can't be fetched" "Does npm reach its registry? Try: npm view node-linux-$arch version"
  rm -rf "$target.partial"
  mkdir -p "$target.partial"
  tar -xzf "$fetched"/*.tgz -C "$target.partial" --strip-components=1 package/bin/node package/LICENSE
  rm -rf "$target" "$fetched"
  mv "$target.partial" "$target"
  ln -sfn "node-$NODE_VERSION" .tools/node
  # The shell remembers where it found the old one.
  hash -r
}

install_packages() {
  wanted=$(cksum package-lock.json package.json)
  [ "$(cat node_modules/.slipway-installed 2>/dev/null || true)" != "$wanted" ] || return 0
  install_npm
  step "Installing npm packages"
  # npm looks for the machine's own settings (registry, certificates) beside the Node it runs on, which is ours by now.
  npm_config_globalconfig=$(PATH=$MACHINE_PATH npm config get globalconfig 2>/dev/null || npm config get globalconfig)
  export npm_config_globalconfig
  quietly npm ci --no-audit --no-fund || fail "the npm packages can't be installed" "Does npm reach its registry? Try: npm ping"
  printf '%s' "$wanted" >node_modules/.slipway-installed
}

engine_answers() { node script/lib/engine-answers.ts; }

start_engine() {
  refusal=0
  engine_answers || refusal=$?
  [ "$refusal" != 0 ] || return 0
  # A second engine beside one that is only slow would do harm.
  [ "$refusal" = "$ENGINE_FORBIDS" ] || [ "$refusal" = "$ENGINE_ABSENT" ] || fail \
    "the Docker engine listens but does not answer" "Look at its log (journalctl -u docker), or try again in a moment."
  [ "$refusal" != "$ENGINE_FORBIDS" ] || fail "$(id -un) may not use the Docker engine" \
    "Run: sudo usermod -aG docker $(id -un), log in again, then this again."
  [ -z "${SLIPWAY_DOCKER_SOCKET:-}" ] || fail "no Docker engine answers on $SLIPWAY_DOCKER_SOCKET" \
    "Start it, or unset SLIPWAY_DOCKER_SOCKET to use this machine's own engine."
  if ! command -v dockerd >/dev/null; then
    is_root || fail "Docker is not installed, and installing it needs root" \
      "Run: sudo apt-get install -y docker.io && sudo usermod -aG docker $(id -un), log in again, then this again."
    apt_install docker.io
    prefer_live_restore
    if engine_answers; then return; fi
  fi
  is_root || fail "the Docker engine is not running, and starting it needs root" \
    "Run: sudo systemctl start docker, then this again."
  step "Starting the Docker engine"
  if [ -d /run/systemd/system ]; then
    quietly systemctl start docker || fail "systemctl start docker failed" "See: journalctl -u docker"
  else
    start_dockerd
  fi
}

# Containers outlive the engine. Only on an engine we installed ourselves, and not over a configuration that is there.
prefer_live_restore() {
  [ ! -e /etc/docker/daemon.json ] || return 0
  mkdir -p /etc/docker
  printf '{ "live-restore": true }\n' >/etc/docker/daemon.json
  if [ -d /run/systemd/system ]; then systemctl restart docker || true; fi
}

start_dockerd() {
  remove_stale_pid /var/run/docker.pid dockerd
  remove_stale_pid /var/run/docker/containerd/containerd.pid containerd
  mkdir -p .tools
  setsid dockerd >.tools/dockerd.log 2>&1 </dev/null &
  dockerd=$!
  waited=0
  until engine_answers; do
    waited=$((waited + 1))
    if [ "$waited" -gt 120 ] || ! kill -0 "$dockerd" 2>/dev/null; then
      tail -n 5 .tools/dockerd.log >&2
      fail "the Docker engine does not start" "See: $PWD/.tools/dockerd.log"
    fi
    sleep 0.5
  done
}

# remove_stale_pid FILE NAME: an engine that was killed leaves its pid file, which keeps the next one from starting.
remove_stale_pid() {
  [ -f "$1" ] || return 0
  pid=$(cat "$1")
  case "$(cat "/proc/$pid/stat" 2>/dev/null || true)" in
    *"($2) Z"*) rm -f "$1" ;;
    *"($2)"*) ;;
    *) rm -f "$1" ;;
  esac
}

# Debian's registry for the tests, unpacked beside everything else: installing it would start a service.
fetch_test_registry() {
  if [ -x .tools/registry/usr/bin/docker-registry ] || command -v docker-registry >/dev/null; then return; fi
  command -v apt-get >/dev/null || fail "this machine has no apt-get" "Put a docker-registry on the PATH for the tests."
  step "Fetching docker-registry for the tests (apt)"
  [ ! -w /var/lib/apt/lists ] || quietly apt-get update -qq || fail "apt-get update failed"
  mkdir -p .tools
  fetched=$(mktemp -d "$PWD/.tools/registry-XXXXXX")
  (cd "$fetched" && quietly apt-get download -qq docker-registry) || {
    rm -rf "$fetched"
    fail "docker-registry can't be fetched" "Does apt reach its mirror? Try: apt-get download docker-registry"
  }
  dpkg -x "$fetched"/docker-registry_*.deb "$fetched/unpacked"
  rm -rf .tools/registry
  mv "$fetched/unpacked" .tools/registry
  rm -rf "$fetched"
}

build_bases() {
  if bin/slipway base build --check >/dev/null 2>&1; then return; fi
  if ! command -v mmdebstrap >/dev/null; then
    if ! command -v apt-get >/dev/null; then
      step "No mmdebstrap here: built-in runtimes will pull their base images from the public registry"
      return 0
    fi
    apt_install mmdebstrap
  fi
  step "Making base images (once, about a minute)"
  bin/slipway base build || fail "the base images can't be built"
}
