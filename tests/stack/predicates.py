"""What attestations say: small but complete predicates of the types that people sign."""

from signers import Workflow

WORKFLOW_BUILD = "https://actions.github.io/buildtypes/workflow/v1"
GENERATOR_BUILD = "https://github.com/slsa-framework/slsa-github-generator/container@v1"
A_DAY = "2026-11-23T00:00:00Z"


def slsa_v1(workflow: Workflow, build_type: str = WORKFLOW_BUILD) -> dict:
    """SLSA provenance v1, in the shape that GitHub's own attestations have, of a build by `workflow`."""
    repository = f"https://github.com/{workflow.repository}"
    return {
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": {
                "workflow": {"ref": workflow.ref, "repository": repository, "path": workflow.path},
            },
            "internalParameters": {
                "github": {
                    "event_name": workflow.event,
                    "repository_id": workflow.repository_id,
                    "repository_owner_id": workflow.owner_id,
                    "runner_environment": workflow.runner,
                },
            },
            "resolvedDependencies": [
                {"uri": f"git+{repository}@{workflow.ref}", "digest": {"gitCommit": workflow.commit}},
            ],
        },
        "runDetails": {
            "builder": {"id": workflow.identity},
            "metadata": {"invocationId": f"{repository}/actions/runs/42/attempts/1"},
        },
    }


def slsa_v02(workflow: Workflow) -> dict:
    """SLSA provenance v0.2, in the shape that slsa-github-generator gives to containers."""
    source = {"uri": f"git+https://github.com/{workflow.repository}@{workflow.ref}", "digest": {"sha1": workflow.commit}}
    return {
        "builder": {"id": workflow.identity},
        "buildType": GENERATOR_BUILD,
        "invocation": {
            "configSource": {**source, "entryPoint": workflow.path},
            "parameters": {},
            "environment": {"github_event_name": workflow.event},
        },
        "metadata": {
            "buildInvocationID": "42-1",
            "completeness": {"parameters": True, "environment": False, "materials": False},
            "reproducible": False,
        },
        "materials": [source],
    }


VULNERABILITY_SCAN = {
    "invocation": {
        "parameters": [],
        "uri": "https://github.com/octo-org/octo-repo/actions/runs/42",
        "event_id": "42",
        "builder.id": "octo",
    },
    "scanner": {
        "uri": "pkg:github/aquasecurity/trivy@0.60.0",
        "version": "0.60.0",
        "db": {"uri": "pkg:github/aquasecurity/trivy-db/commit/abc", "version": "2"},
        "result": {"SchemaVersion": 2, "Results": []},
    },
    "metadata": {"scanStartedOn": A_DAY, "scanFinishedOn": "2026-11-23T00:01:00Z"},
}


def scan_result(finished: str, severities: list) -> dict:
    """The part of a vulnerability scan that changes from one to the next: when it ended and how bad its findings are."""
    findings = [
        {"VulnerabilityID": f"CVE-2024-{number:04}", "PkgName": "libfixture", "Severity": severity}
        for number, severity in enumerate(severities, start=1)
    ]
    result = {"SchemaVersion": 2, "Results": [{"Target": "fixture", "Vulnerabilities": findings}]}
    return {
        "scanner": {**VULNERABILITY_SCAN["scanner"], "result": result},
        "metadata": {"scanStartedOn": finished, "scanFinishedOn": finished},
    }


CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "version": 1,
    "components": [{"type": "library", "name": "libfixture", "version": "1.2.3", "purl": "pkg:generic/libfixture@1.2.3"}],
}

SPDX = {
    "spdxVersion": "SPDX-2.3",
    "dataLicense": "CC0-1.0",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "fixture",
    "documentNamespace": "https://fixture.test/spdx/1",
    "creationInfo": {"creators": ["Tool: fixture"], "created": A_DAY},
    "packages": [
        {
            "name": "libfixture",
            "SPDXID": "SPDXRef-Package-libfixture",
            "versionInfo": "1.2.3",
            "downloadLocation": "NOASSERTION",
        },
    ],
}

OPENVEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://fixture.test/vex/1",
    "author": "fixture",
    "timestamp": A_DAY,
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-2024-0001"},
            "products": [{"@id": "pkg:generic/libfixture@1.2.3"}],
            "status": "not_affected",
            "justification": "component_not_present",
        },
    ],
}

CUSTOM = {"approved": True, "by": "qa@example.test", "score": 7}
