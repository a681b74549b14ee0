# Completion of PROGRAM in bash 4 or newer. To use it, in ~/.bashrc:
#   source <(PROGRAM completion bash)

_PROGRAM_complete() {
  local line=${COMP_LINE:0:COMP_POINT} rest word words=() last=-1 i
  # Bash splits words at = and : too. Join those that no space separates, and take of the
  # last one what stands before the cursor.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    rest=${line#"${line%%[![:space:]]*}"}
    word=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$rest
    if ((i == 0)) || [[ $rest != "$line" ]]; then
      words[++last]=$word
    else
      words[last]+=$word
    fi
    line=${rest#"$word"}
  done

  # Readline replaces only what stands behind the last = or :, but all of a word in quotes.
  local current=${words[last]#[\"\']} lead='' mark
  for mark in = :; do
    if [[ $current == "${words[last]}" && $COMP_WORDBREAKS == *$mark* && ${current#"$lead"} == *$mark* ]]; then
      lead=${current%"${current##*"$mark"}"}
    fi
  done
  words[last]=$current

  local program=${words[0]} kind endings
  [[ $program != '~/'* ]] || program=$HOME/${program:2}
  COMPREPLY=()
  {
    read -r kind endings
    case $kind in
      :words) _PROGRAM_words ;;
      :files) _PROGRAM_paths -f ;;
      :folders) _PROGRAM_paths -d ;;
    esac
  } < <("$program" __complete -- "${words[@]:1}" 2>/dev/null)
}

# Offers the words that it reads. Behind key= comes a value, without a space.
_PROGRAM_words() {
  local meaning
  while IFS=$'\t' read -r word meaning; do
    COMPREPLY+=("${word#"$lead"}")
    [[ $word != *= ]] || compopt -o nospace
  done
}

# Offers files (-f) with one of the endings, or all if there are none, or folders (-d).
_PROGRAM_paths() {
  local path ending
  compopt -o filenames
  while IFS= read -r path; do
    if [[ -z $endings || -d ${path/#'~/'/$HOME/} ]]; then
      COMPREPLY+=("$path")
      continue
    fi
    for ending in $endings; do
      [[ $path != *"$ending" ]] || COMPREPLY+=("$path")
    done
  done < <(compgen "$1" -- "${current#"$lead"}")
}

complete -F _PROGRAM_complete PROGRAM
