# Sourced. apt_install <packages>: installs them when we may, else says in one line what to do; then it fails.
apt_install() {
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt_as_root=""
    elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then
        apt_as_root="sudo -n"
    else
        echo "Missing system packages. As root: apt-get install --no-install-recommends $*" >&2
        return 1
    fi
    echo "Installing system packages: $*"
    $apt_as_root apt-get update -qq </dev/null &&
        $apt_as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "$@" </dev/null >/dev/null
}
