// Verifies bundles with sigstore-go, for `sigwarden bench --peer`: what Kyverno and policy-controller verify with.
//
// Reads one question per line, the JSON that `sigwarden verify-bundle` puts to the module, and answers with one line:
// the outcome, and how many nanoseconds it took to parse and verify the bundle. The trusted root is read and the verifier
// made once, before the clock starts.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

type question struct {
	Bundle   json.RawMessage `json:"bundle"`
	Artifact struct {
		Bytes  *string `json:"bytes"`
		Digest *string `json:"digest"`
	} `json:"artifact"`
	TrustedRoot    json.RawMessage `json:"trustedRoot"`
	Identity       string          `json:"certificateIdentity"`
	IdentityRegexp string          `json:"certificateIdentityRegexp"`
	Issuer         string          `json:"certificateOidcIssuer"`
	IssuerRegexp   string          `json:"certificateOidcIssuerRegexp"`
}

type finding struct {
	Message string `json:"message"`
}

type answer struct {
	Outcome     string   `json:"outcome"`
	Nanoseconds int64    `json:"nanoseconds"`
	Finding     *finding `json:"finding,omitempty"`
}

// verifiers are kept by the text of their trusted root.
type verifiers map[string]*verify.Verifier

func (kept verifiers) of(trustedRoot []byte) (*verify.Verifier, error) {
	if known, ok := kept[string(trustedRoot)]; ok {
		return known, nil
	}
	material, err := root.NewTrustedRootFromJSON(trustedRoot)
	if err != nil {
		return nil, err
	}
	// What the module asks of a keyless signature: in the log, at a time that somebody vouches for, certificate logged.
	verifier, err := verify.NewVerifier(material,
		verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	if err != nil {
		return nil, err
	}
	kept[string(trustedRoot)] = verifier
	return verifier, nil
}

func (q question) artifact() (verify.ArtifactPolicyOption, error) {
	switch {
	case q.Artifact.Bytes != nil:
		content, err := base64.StdEncoding.DecodeString(*q.Artifact.Bytes)
		return verify.WithArtifact(bytes.NewReader(content)), err
	case q.Artifact.Digest != nil:
		digest, err := hex.DecodeString(strings.TrimPrefix(*q.Artifact.Digest, "sha256:"))
		return verify.WithArtifactDigest("sha256", digest), err
	}
	return nil, errors.New("the question names no artifact")
}

func (q question) verify(verifier *verify.Verifier, artifact verify.ArtifactPolicyOption) error {
	var signed bundle.Bundle
	if err := signed.UnmarshalJSON(q.Bundle); err != nil {
		return err
	}
	identity, err := verify.NewShortCertificateIdentity(q.Issuer, q.IssuerRegexp, q.Identity, q.IdentityRegexp)
	if err != nil {
		return err
	}
	_, err = verifier.Verify(&signed, verify.NewPolicy(artifact, verify.WithCertificateIdentity(identity)))
	return err
}

func (kept verifiers) answer(line []byte) (answer, error) {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{}, err
	}
	verifier, err := kept.of(q.TrustedRoot)
	if err != nil {
		return answer{}, err
	}
	artifact, err := q.artifact()
	if err != nil {
		return answer{}, err
	}
	start := time.Now()
	err = q.verify(verifier, artifact)
	given := answer{Outcome: "passed", Nanoseconds: time.Since(start).Nanoseconds()}
	if err != nil {
		given.Outcome, given.Finding = "failed", &finding{Message: err.Error()}
	}
	return given, nil
}

func run() error {
	kept := verifiers{}
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // The other side is done.
		}
		given, err := kept.answer(line)
		if err != nil {
			return err
		}
		if err := out.Encode(given); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sigstore-go:", err)
		os.Exit(2)
	}
}
