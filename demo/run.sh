#!/usr/bin/env bash
# Four scenes, each through the Wasm module that a cluster would run. The images were signed by real cosign against a
# Sigstore of our own (tests/fixtures), so its trust root stands in for the public one; nothing else is different, and
# nothing is fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:?the folder that holds sigwarden and policy.wasm}
fixtures=tests/fixtures
# Scenes are printed for people and for the README's check: no colour unless a person is looking.
world=(
    --oci-layout "ghcr.io/myorg=$fixtures/layouts/referrers/myorg"
    --oci-layout "docker.io/bitnami/redis=$fixtures/layouts/referrers/thirdparty/redis"
    --trusted-root "$fixtures/trust/trusted_root.json"
)

title() { printf '\n━━ %s\n' "$1"; }
policy() { printf '\n'; sed -e '/^#/d' -e 's/^/    /' "$1"; printf '\n'; }
# expect CODE COMMAND…: runs it, and fails where it does not end as the scene says.
expect() {
    local wanted=$1 code=0
    shift
    "$bin/sigwarden" "$@" || code=$?
    if [ "$code" != "$wanted" ]; then
        printf 'the scene should have ended with %s, and ended with %s\n' "$wanted" "$code" >&2
        exit 1
    fi
}

title '1 · our workflow signed it: admitted, and pinned to what was verified'
policy demo/1-signed-by-our-workflows.yaml
expect 0 verify ghcr.io/myorg/app:1.4.2 --policy demo/1-signed-by-our-workflows.yaml "${world[@]}"

title '2 · an unsigned init container: refused, whatever stands beside it'
printf '\n    the same policy, a Pod with ghcr.io/myorg/debug:1.2 as init container\n\n'
expect 1 run -o text --host extended -r demo/pod-with-init-container.json -s demo/1-signed-by-our-workflows.yaml "${world[@]}"

title '3 · a third-party image: nobody to ask for a signature, so its tag is pinned'
policy demo/2-pin-third-party.yaml
expect 0 run -o text --host extended -r demo/deployment-with-redis.json -s demo/2-pin-third-party.yaml "${world[@]}"

title '4 · where was it built? The same app from the workflow, and from a laptop with a forged provenance'
policy demo/3-built-by-our-workflow.yaml
expect 0 verify ghcr.io/myorg/app:1.4.2 --policy demo/3-built-by-our-workflow.yaml "${world[@]}"
expect 1 verify ghcr.io/myorg/app:laptop --policy demo/3-built-by-our-workflow.yaml "${world[@]}"
printf '\n'
