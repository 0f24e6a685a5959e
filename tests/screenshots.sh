#!/usr/bin/env bash
# Takes pictures of the HTML report, as browsers show it in the light, in the dark, on a phone and on paper. For maintainers,
# who look at them: nothing here says whether they are good. usage: tests/screenshots.sh PROGRAM OUTPUT_DIR
set -euo pipefail
program=$1 out=$2
command -v chromium >/dev/null || apt-get install -y chromium
cd "$(dirname "$0")/.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
layouts=tests/fixtures/layouts/referrers
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT

# One of each: admitted, unsigned, of the wrong type, and one that nobody can look into.
code=0
"$program" verify ghcr.io/myorg/app:1.4.2 ghcr.io/myorg/debug:1.2 ghcr.io/myorg/generated:2.0 ghcr.io/myorg/nowhere:1 \
	registry.example.test/other:1 --policy demo/3-built-by-our-workflow.yaml --offline --oci-layout "ghcr.io/myorg=$layouts/myorg" \
	--trusted-root tests/fixtures/trust/trusted_root.json -o html >"$out/report.html" || code=$?
# 1 and 2 are answers; the page is about them.
test "$code" -le 2 && test -s "$out/report.html"

shoot() {
	local flags=(--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
		--disable-component-update --disable-sync --hide-scrollbars "--user-data-dir=$profile/$1")
	chromium "${flags[@]}" "${@:2}" 2>/dev/null
}
shoot light --blink-settings=preferredColorScheme=1 --window-size=1100,2200 "--screenshot=$out/light.png" "file://$out/report.html"
shoot dark --blink-settings=preferredColorScheme=0 --window-size=1100,2200 "--screenshot=$out/dark.png" "file://$out/report.html"
# A window is never as narrow as a phone, so a phone's width is a frame within one.
printf '<!doctype html><body style="margin:0"><iframe src="report.html" style="border:0;width:390px;height:3000px"></iframe>' >"$out/phone.html"
shoot narrow --blink-settings=preferredColorScheme=1 --window-size=500,3000 "--screenshot=$out/narrow.png" "file://$out/phone.html"
shoot print --no-pdf-header-footer "--print-to-pdf=$out/print.pdf" "file://$out/report.html"
if command -v pdftoppm >/dev/null; then pdftoppm -r 70 -png "$out/print.pdf" "$out/print"; fi
ls "$out"
