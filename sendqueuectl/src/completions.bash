_sendqueuectl() {
    # Bash cuts words at : and =; here they are put together as they stand on the line.
    local words=() word line=$COMP_LINE i prefix
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i > 0)) && [[ $line == [![:space:]]* ]]; then
            words[${#words[@]}-1]+=$word
        else
            words+=("$word")
            line=${line#"${line%%[![:space:]]*}"}
        fi
        line=${line#"$word"}
    done
    # What stands before the piece that bash replaces.
    word=${words[${#words[@]}-1]}
    prefix=${word%"$2"}
    mapfile -t COMPREPLY < <(
        _CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) VAR=bash COMPLETER -- "${words[@]}" 2>/dev/null
    )
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    # A folder goes on, and a list of states may.
    [[ ${COMPREPLY[0]-} != *[=/] ]] || compopt -o nospace
}
# Bash knows nosort since 4.4.
complete -o nosort -F _sendqueuectl sendqueuectl 2>/dev/null || complete -F _sendqueuectl sendqueuectl
