# The entry point. `make demo` and `make test` need rustup and a C compiler, and no server.
# Maintainers' targets (fixtures, deny) install what they need.

SHELL := bash
CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
WASM_DIR := $(TARGET_DIR)/wasm32-wasip1/wasm
# One selection of crates for building and testing: with another, cargo would choose other features of their
# dependencies, and build wasmtime a second time.
NATIVE := --release --locked --workspace --exclude sigwarden-policy --exclude sigwarden-deny-policy
# The module before its snapshot is made, and what makes it.
RAW_MODULE := $(TARGET_DIR)/raw-policy.wasm
SNAPSHOT := $(TARGET_DIR)/release/sigwarden-snapshot
# Bytes that policy.wasm may have. Every pod's request copies its pages; growth should be somebody's decision.
SIZE_BUDGET := 2500000

RUST_SOURCES := $(shell find policy host-harness tests -name '*.rs' -not -path '*/target/*') Cargo.toml Cargo.lock $(wildcard policy/*/Cargo.toml)

.PHONY: accept bench demo test policy build lint fmt doc size deny ecdsa-bench ecdsa-differential fuzz fixtures fixtures-check mutated-bundles scan-bench screenshots toolchain clean help

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: build ## four scenes with really signed images, through the Wasm module
	@demo/run.sh $(TARGET_DIR)/release

test: build $(TARGET_DIR)/deny-policy.wasm $(TARGET_DIR)/ecdsa.wasm ## every test; the end-to-end ones run the Wasm module
	SIGWARDEN_MODULE=$(CURDIR)/policy.wasm SIGWARDEN_RAW_MODULE=$(abspath $(RAW_MODULE)) \
		SIGWARDEN_DENY_MODULE=$(abspath $(TARGET_DIR)/deny-policy.wasm) SIGWARDEN_ECDSA_MODULE=$(abspath $(TARGET_DIR)/ecdsa.wasm) \
		SIGWARDEN_PROGRAM=$(abspath $(TARGET_DIR)/release/sigwarden) $(CARGO) test $(NATIVE)

policy: policy.wasm annotated-policy.wasm ## the Wasm module, bare and as a Kubewarden host wants it

build: toolchain policy.wasm ## the module and the command line tool, side by side in target/release
	$(CARGO) build $(NATIVE)
	cp policy.wasm $(TARGET_DIR)/release/policy.wasm

# rustup installs what rust-toolchain.toml lists on first use, but not where its auto-install is switched off.
toolchain:
	@! command -v rustup >/dev/null || rustup toolchain install >/dev/null 2>&1 || rustup toolchain install

# The module is a snapshot: each instance would read the embedded trust roots, and finds them read (policy/snapshot).
policy.wasm: $(RAW_MODULE) $(SNAPSHOT)
	$(SNAPSHOT) $(RAW_MODULE) $@

$(RAW_MODULE): $(RUST_SOURCES) | toolchain
	$(CARGO) build --profile wasm --locked -p sigwarden-policy --target wasm32-wasip1
	cp $(WASM_DIR)/sigwarden_policy.wasm $@

$(SNAPSHOT): $(RUST_SOURCES) | toolchain
	$(CARGO) build $(NATIVE) --bin sigwarden-snapshot
	touch $@

# What `kwctl annotate -m metadata.yml -u README.md` does, and an error where the metadata lists other host calls than the module makes.
annotated-policy.wasm: policy.wasm metadata.yml README.md
	$(CARGO) run --quiet --release --locked -p sigwarden-metadata -- metadata.yml README.md policy.wasm $@

$(TARGET_DIR)/deny-policy.wasm: $(RUST_SOURCES) | toolchain
	$(CARGO) build --profile wasm --locked -p sigwarden-deny-policy --target wasm32-wasip1
	cp $(WASM_DIR)/sigwarden_deny_policy.wasm $@

$(TARGET_DIR)/ecdsa.wasm: $(RUST_SOURCES) | toolchain
	$(CARGO) build --profile wasm --locked -p sigwarden-ecdsa-wasm --target wasm32-wasip1
	cp $(WASM_DIR)/sigwarden_ecdsa_wasm.wasm $@

# In one run, interleaved: this module, the module on RustCrypto's curves, the core as a native program, sigstore-go.
BENCH := $(TARGET_DIR)/release/sigwarden bench
AGAINST := --against $(TARGET_DIR)/rustcrypto.wasm --against native --against own-native --against rustcrypto-native
SAMPLES ?= 100

bench: build $(TARGET_DIR)/rustcrypto.wasm $(TARGET_DIR)/sigstore-go ## how long admissions and bundles take beside native programs (docs/performance.md)
	$(BENCH) tests/bench $(AGAINST) --samples $(SAMPLES) --host-latency 70
	$(BENCH) $(FIXTURE_BUNDLE) $(AGAINST) --samples $(SAMPLES) \
		$$(test -x $(TARGET_DIR)/sigstore-go && echo --peer $(TARGET_DIR)/sigstore-go)
	@test -z "$(SIGWARDEN_CORPUS)" || $(BENCH) $(CORPUS_BUNDLE) $(AGAINST) --samples $(SAMPLES) \
		$$(test -x $(TARGET_DIR)/sigstore-go && echo --peer $(TARGET_DIR)/sigstore-go)
	@test -z "$(SIGWARDEN_CORPUS)" || tests/bench/public.sh $(TARGET_DIR)/release/sigwarden $(SIGWARDEN_CORPUS) \
		$(TARGET_DIR)/bench-public $(AGAINST) --samples $(SAMPLES)
	SIGWARDEN_MODULE=$(CURDIR)/policy.wasm SAMPLES=$(SAMPLES) \
		$(CARGO) test $(NATIVE) --test kyverno_shapes -- --ignored --nocapture

# A keyless signature with an entry and promise of Rekor v1, and under the public Sigstore where somebody has such a bundle.
FIXTURE_BUNDLE := --bundle tests/fixtures/layouts/referrers/v3-keyless-rekor1/blobs/sha256/650eefe57d07365e173e5d6bffee13a290967bf0b55fc4f22d98566e4dc3ee77 \
	--artifact sha256:655fe728e42e03e971f63760a6e150683561eb9a89b860862c425ce900f0cd15 \
	--certificate-identity https://github.com/octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main \
	--certificate-oidc-issuer https://token.actions.githubusercontent.com --trusted-root tests/fixtures/trust/trusted_root.json
CORPUS_BUNDLE := --bundle $(SIGWARDEN_CORPUS)/bundles/conda-attestation.sigstore.json \
	--artifact sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f \
	--certificate-identity https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main \
	--certificate-oidc-issuer https://token.actions.githubusercontent.com

$(TARGET_DIR)/rustcrypto.wasm: $(RUST_SOURCES) $(SNAPSHOT) | toolchain policy.wasm
	$(CARGO) build --profile wasm --locked -p sigwarden-policy --target wasm32-wasip1 --features rustcrypto
	$(SNAPSHOT) $(WASM_DIR)/sigwarden_policy.wasm $@

# Left out, with a word, where there is no Go.
$(TARGET_DIR)/sigstore-go: $(wildcard tests/bench/sigstore-go/*)
	@if command -v go >/dev/null; then cd tests/bench/sigstore-go && go build -o $(abspath $@) .; \
		else echo "no Go here: sigstore-go is not measured"; fi

mutated-bundles: ## bundles with one bit changed: our verdict beside that of AWS-LC (maintainers; some minutes)
	SIGWARDEN_MUTATIONS=$(or $(MUTATIONS),50) $(CARGO) test $(NATIVE) --test mutated_bundles -- --nocapture

scan-bench: build ## a scan of 300 manifests with 80 images in a registry 50 ms away: time, requests, memory (maintainers)
	SIGWARDEN_MODULE=$(CURDIR)/policy.wasm SIGWARDEN_PROGRAM=$(abspath $(TARGET_DIR)/release/sigwarden) \
		$(CARGO) test $(NATIVE) --test scan -- --ignored --nocapture --test-threads 1

ecdsa-differential: $(TARGET_DIR)/ecdsa.wasm ## a million signatures, ours beside RustCrypto's verdict, a share of them in Wasm (maintainers; half an hour)
	$(CARGO) test --release --locked -p sigwarden-ecdsa --test differential -- --include-ignored --nocapture
	SIGWARDEN_SIGNATURES=$(or $(SIGNATURES),50000) SIGWARDEN_ECDSA_MODULE=$(abspath $(TARGET_DIR)/ecdsa.wasm) \
		$(CARGO) test $(NATIVE) --test ecdsa signatures_and_mutants -- --nocapture

# libFuzzer needs a nightly compiler; which day's it is does not matter. The fuzz targets build with the versions of Cargo.lock.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= ecdsa bundle manifest request settings
FUZZ_TOOLCHAIN ?= nightly

fuzz: ## inputs without end, FUZZ_SECONDS for each target of fuzz/: nothing panics, nothing unsigned is admitted (maintainers)
	rustup run $(FUZZ_TOOLCHAIN) rustc --version 2>/dev/null || rustup toolchain install --profile minimal $(FUZZ_TOOLCHAIN)
	$(CARGO) install --locked cargo-fuzz --version 0.13.2
	cp Cargo.lock fuzz/Cargo.lock
	for target in $(FUZZ_TARGETS); do $(CARGO) +$(FUZZ_TOOLCHAIN) fuzz run --fuzz-dir fuzz $$target -- \
		-max_total_time=$(FUZZ_SECONDS) -max_len=4096 -len_control=0 -print_final_stats=1 || exit 1; done

ecdsa-bench: $(TARGET_DIR)/ecdsa.wasm ## ECDSA as WebAssembly, ours and RustCrypto's, beside aws-lc on the machine itself
	SIGWARDEN_ECDSA_MODULE=$(abspath $(TARGET_DIR)/ecdsa.wasm) \
		$(CARGO) test $(NATIVE) --test ecdsa -- --ignored --nocapture --test-threads 1

screenshots: build ## pictures of the HTML report in target/screenshots, to be looked at (maintainers; chromium)
	tests/screenshots.sh $(TARGET_DIR)/release/sigwarden $(TARGET_DIR)/screenshots

fmt: ## rewrite the sources in the house style
	$(CARGO) fmt --all

lint: toolchain ## format and clippy, host and wasm
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(NATIVE) --all-targets -- -D warnings
	$(CARGO) clippy --profile wasm --locked -p sigwarden-policy -p sigwarden-deny-policy -p sigwarden-ecdsa-wasm --target wasm32-wasip1 -- -D warnings

doc: ## the API documentation
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps -p sigwarden-core -p sigwarden-evidence -p sigwarden-ecdsa -p sigwarden-snapshot -p sigwarden

size: policy.wasm ## is policy.wasm within its budget?
	@bytes=$$(stat -c %s policy.wasm 2>/dev/null || stat -f %z policy.wasm); \
		echo "policy.wasm: $$bytes bytes of $(SIZE_BUDGET)"; test $$bytes -le $(SIZE_BUDGET)

deny: ## licences, advisories and sources of every dependency
	$(CARGO) install --locked cargo-deny --version 0.20.2
	$(CARGO) deny check

fixtures: ## make tests/fixtures anew with a real Sigstore and real cosign
	python3 tests/stack/make_fixtures.py
	$(MAKE) accept

accept: ## write down what the tests see: tests/fixtures/VERDICTS.md, tests/kwctl and the outputs in the README (then read the diff)
	SIGWARDEN_UPDATE=1 TRYCMD=overwrite $(MAKE) test

fixtures-check: ## make them elsewhere, and compare the verdicts
	python3 tests/stack/make_fixtures.py --check

clean: ## remove what was built
	$(CARGO) clean
	rm -f policy.wasm annotated-policy.wasm
