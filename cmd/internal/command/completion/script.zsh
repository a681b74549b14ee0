#compdef PROGRAM
# Completion of PROGRAM in zsh. To use it, in ~/.zshrc, after compinit:
#   source <(PROGRAM completion zsh)
# or put it into a folder of $fpath as a file with the name _PROGRAM.

_PROGRAM() {
  local program=${(Q)words[1]} kind line word
  local -a answer endings closed open
  program=${program/#\~\//$HOME/}
  answer=("${(@f)$("$program" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  kind=${answer[1]}
  # Of --flag=file only what stands behind the = is a file.
  [[ $kind == :words || $PREFIX != -*=* ]] || compset -P 1 '*='
  case $kind in
    :files*)
      endings=(${=kind#:files})
      if (( $#endings )); then
        _path_files -/ -g "*(${(j:|:)endings})"
      else
        _files
      fi
      ;;
    :folders) _files -/ ;;
    :words)
      for line in "${(@)answer[2,-1]}"; do
        word=${line%%$'\t'*}
        line=${word//:/\\:}:${line#*$'\t'}
        # Behind key= comes a value, without a space.
        if [[ $word == *= ]]; then open+=("$line"); else closed+=("$line"); fi
      done
      _describe -t values value closed -- open -S ''
      ;;
  esac
}

if [[ $funcstack[1] == _PROGRAM ]]; then
  _PROGRAM "$@"
else
  compdef _PROGRAM PROGRAM
fi
