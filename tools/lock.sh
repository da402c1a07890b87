#!/usr/bin/env bash
# Compiles requirements/*.txt: hashed, for every supported Python and machine, naming no package host.
# Set UPGRADE=1 to move to newer versions; otherwise pins only change where pyproject.toml requires it.
set -euo pipefail
cd "$(dirname "$0")/.."

tool="${VENV:-.venv}/.lock-tool"
if ! "$tool/bin/uv" --version 2>/dev/null | grep -q "^uv ${UV_VERSION} "; then
    "${VENV:-.venv}/bin/python" -m venv "$tool"
    "$tool/bin/python" -m pip install --quiet --disable-pip-version-check "uv==${UV_VERSION}"
fi

compile() { # output, then what to compile
    local output="$1"
    shift
    "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        ${UPGRADE:+--upgrade} --output-file "requirements/$output.txt" "$@"
}

compile base pyproject.toml
compile local pyproject.toml --extra local --extra cloud --constraint requirements/base.txt
compile sip pyproject.toml --extra sip --constraint requirements/base.txt --constraint requirements/local.txt
# What the container image holds: phones and hosted models, no local speech.
compile image pyproject.toml --extra sip --extra cloud --constraint requirements/base.txt --constraint requirements/local.txt \
    --constraint requirements/sip.txt
compile dev pyproject.toml --extra dev --extra cloud --constraint requirements/base.txt --constraint requirements/local.txt \
    --constraint requirements/sip.txt
compile mutate requirements/mutate.in --constraint requirements/dev.txt
compile build requirements/build.in --constraint requirements/base.txt --constraint requirements/dev.txt
