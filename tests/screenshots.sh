#!/usr/bin/env bash
# Takes pictures of the HTML reports of `verify` and `scan`, as browsers show them in the light, in the dark, on a phone and on
# paper. For maintainers, who look at them: nothing here says whether they are good. usage: tests/screenshots.sh PROGRAM OUTPUT_DIR
set -euo pipefail
program=$1 out=$2
command -v chromium >/dev/null || apt-get install -y chromium
cd "$(dirname "$0")/.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
evidence=(--offline --oci-layout "ghcr.io/myorg=tests/fixtures/layouts/referrers/myorg"
	--trusted-root tests/fixtures/trust/trusted_root.json -o html)
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

# Writes the page that a command prints. 1 and 2 are answers; the page is about them.
page() {
	local code=0
	"$program" "${@:2}" "${evidence[@]}" >"$out/$1.html" || code=$?
	test "$code" -le 2 && test -s "$out/$1.html"
}

# One of each: admitted, unsigned, of the wrong type, and one that nobody can look into.
page verify verify ghcr.io/myorg/app:1.4.2 ghcr.io/myorg/debug:1.2 ghcr.io/myorg/generated:2.0 ghcr.io/myorg/nowhere:1 \
	registry.example.test/other:1 --policy demo/3-built-by-our-workflow.yaml

deployment() {
	printf -- '---\n# Source: shop/templates/%s.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s, namespace: shop}\n' "$1" "$1"
	printf 'spec:\n  template:\n    spec:\n      initContainers: [{name: wait, image: "%s"}]\n' "$3"
	printf '      containers: [{name: main, image: "%s"}]\n' "$2"
}
# The same, in a chart: an image that many use, an object that is refused as a whole, and one that no policy is asked about.
{
	for name in web api worker mailer search cart; do deployment "$name" ghcr.io/myorg/app:1.4.2 ghcr.io/myorg/debug:1.2; done
	deployment reports ghcr.io/myorg/generated:2.0 ghcr.io/myorg/nowhere:1
	deployment cache docker.io/library/redis:7 ghcr.io/myorg/app:1.4.2
	deployment broken "" ghcr.io/myorg/app:1.4.2
	printf -- '---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: storefront, namespace: shop}\n'
	printf 'spec: {template: {spec: {containers: [{name: c, image: "ghcr.io/myorg/debug:1.2"}]}}}\n'
} >"$profile/manifests.yaml"
page scan scan "$profile/manifests.yaml" --policy demo/3-built-by-our-workflow.yaml

shoot() {
	local flags=(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
		--disable-component-update --disable-sync --hide-scrollbars "--user-data-dir=$profile/browser")
	chromium "${flags[@]}" "$@" 2>/dev/null
}
for name in verify scan; do
	shoot --blink-settings=preferredColorScheme=1 --window-size=1100,2600 "--screenshot=$out/$name-light.png" "file://$out/$name.html"
	shoot --blink-settings=preferredColorScheme=0 --window-size=1100,2600 "--screenshot=$out/$name-dark.png" "file://$out/$name.html"
	# A window is never as narrow as a phone, so a phone's width is a frame within one.
	printf '<!doctype html><body style="margin:0"><iframe src="%s.html" style="border:0;width:390px;height:4000px"></iframe>' "$name" \
		>"$out/phone.html"
	shoot --blink-settings=preferredColorScheme=1 --window-size=500,4000 "--screenshot=$out/$name-narrow.png" "file://$out/phone.html"
	rm "$out/phone.html"
	shoot --no-pdf-header-footer "--print-to-pdf=$out/$name-print.pdf" "file://$out/$name.html"
	if command -v pdftoppm >/dev/null; then pdftoppm -r 70 -png "$out/$name-print.pdf" "$out/$name-print"; fi
done
ls "$out"
