#!/usr/bin/env bash
# `public.sh PROGRAM CORPUS WORK [ARGUMENTS]`: `sigwarden bench` of a Deployment whose image the public Sigstore vouches for,
# with its evidence published. The image's layout is somebody else's, and lies outside of this repository.
set -euo pipefail
program=$1 corpus=$2 work=$3
shift 3
here=$(dirname "$0")
image=ghcr.io/slsa-framework/example@sha256:a74d89d8dd863ca5dae4a29e0feede81ddf59197849a80784af5a02ab7786925

rm -rf "$work"
mkdir -p "$work"
cp -r "$corpus/slsa/v1.4.0" "$work/layout"
sed "s#ghcr.io/myorg/app:1.4.2#$image#" "$here/deployment.json" > "$work/deployment.json"
"$program" publish --quiet --offline "$image" --oci-layout "$work/layout" --to-layout "$work/layout" > /dev/null
"$program" bench -r "$work/deployment.json" -s "$here/public.yaml" --offline --oci-layout "$work/layout" "$@"
