#!/usr/bin/env bash
# Each relative link and anchor in the .md files leads somewhere, and each page of docs/ is linked from README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8

pages=$(git ls-files --cached --others --exclude-standard '*.md')
# "FILE #ANCHOR" for each heading, as GitHub makes anchors; "FILE TARGET LINE" for each link.
# shellcheck disable=SC2086
read_pages() { # anchors|links
    awk -v what="$1" '
        FNR == 1 { fence = 0; split("", seen) }
        /^ *```/ { fence = !fence }
        fence { next }
        what == "anchors" && /^#+ / {
            anchor = tolower($0)
            sub(/^#+ */, "", anchor); gsub(/\]\([^)]*\)/, "", anchor)
            gsub(/[^[:alnum:] _-]/, "", anchor); gsub(/ /, "-", anchor)
            print FILENAME " #" anchor (seen[anchor]++ ? "-" seen[anchor] - 1 : "")
        }
        what == "links" {
            line = $0
            gsub(/`[^`]*`/, "`", line)
            while (match(line, /\]\([^) ]+/)) {
                print FILENAME " " substr(line, RSTART + 2, RLENGTH - 2) " " FNR
                line = substr(line, RSTART + RLENGTH)
            }
        }' $pages
}

anchors=$(read_pages anchors)
links=$(read_pages links)
broken=0 count=0
complain() { echo "links: $*" >&2; broken=1; }
while read -r page target number; do
    case $target in http://* | https://* | mailto:*) continue ;; esac
    count=$((count + 1))
    file=$page
    [ -z "${target%%#*}" ] || file=$(realpath -m --relative-to=. "$(dirname "$page")/${target%%#*}")
    if [ ! -e "$file" ]; then
        complain "$page:$number: $target: no such file"
    elif [[ $target == *#* ]] && ! grep -qxF "$file #${target#*#}" <<<"$anchors"; then
        complain "$page:$number: $target: no such heading"
    fi
done <<<"$links"
for page in docs/*.md; do
    grep -q "^README.md $page " <<<"$links" || complain "README.md does not lead to $page"
done
[ $count -ge 20 ] || complain "only $count links were found"
[ $broken -eq 0 ] || exit 1
echo "links: $count lead somewhere"
