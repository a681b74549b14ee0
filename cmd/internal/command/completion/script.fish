# Completion of PROGRAM in fish. To use it, once:
#   PROGRAM completion fish > ~/.config/fish/completions/PROGRAM.fish

function __PROGRAM_complete
    set -l words (commandline -opc)
    # As the program would get it: without an open quote and backslashes.
    set -l current (commandline -ct | string replace -r '^[\'"]' '' | string replace -ra '\\\\(.)' '$1')
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    set -l answer ($program __complete -- $words "$current" 2>/dev/null)
    set -l kind (string split -n ' ' -- $answer[1])
    set -e answer[1]
    # Of --flag=file only what stands behind the = is a file.
    set -l lead (string match -r '^-[^=]*=' -- $current)
    set -l path (string replace -r '^-[^=]*=' '' -- $current)
    switch "$kind[1]"
        case :words
            printf '%s\n' $answer
        case :folders
            for name in (__fish_complete_directories "$path" '')
                printf '%s%s\n' "$lead" $name
            end
        case :files
            # A folder, or a name with one of the endings; without endings, any name.
            set -l endings (string escape --style=regex -- $kind[2..-1])
            set -l fits (string join '|' / $endings)
            set -q endings[1]; or set fits ''
            for name in (__fish_complete_path "$path" | string match -r "^[^\t]*(?:$fits)(?:\t.*)?\$")
                printf '%s%s\n' "$lead" $name
            end
    end
end

complete -c PROGRAM -f -a '(__PROGRAM_complete)'
