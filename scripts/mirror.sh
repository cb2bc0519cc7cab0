#!/bin/sh
# The mirror that this machine's apt uses (like its proxy). The security archive has no whole Debian.
set -eu
apt-get indextargets --format '$(REPO_URI)|$(LABEL)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F '|' '$3 == "main" && $2 !~ /Security/ && $1 !~ /security/ { print $1; exit }'
