# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# fish completion for tcpdwell. Commands, options and the values that an option takes are asked of the program itself, so that
# they are those of the version that is installed.

# name, tab, description of each command, as the help lists them
function __tcpdwell_commands
    $argv[1] --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) +(.*)/\1\t\2/p'
end

# name, tab, description of each option of a command; "=" behind long ones that take a value
function __tcpdwell_options # PROGRAM COMMAND
    $argv[1] $argv[2] --help 2>/dev/null | sed -E ':a;N;$!ba;s/\n {31}/ /g' | sed -nE '
        s/^  (-.), (--[a-z0-9-]+=?)[^ ]* +(.*)/\1\t\3\n\2\t\3/p
        s/^      (--[a-z0-9-]+=?)[^ ]* +(.*)/\1\t\2/p'
end

# The long name of an option that takes a value, nothing for others.
function __tcpdwell_valued # PROGRAM COMMAND OPTION
    $argv[1] $argv[2] --help 2>/dev/null |
        sed -nE "s/^ +(-., )?($argv[3])=.*/\2/p; s/^ +$argv[3], (--[a-z0-9-]+)=.*/\1/p"
end

# A wrong value makes the program say which there are, and do nothing else.
function __tcpdwell_asked # PROGRAM COMMAND OPTION
    $argv[1] $argv[2] $argv[3] '?' 2>&1 |
        sed -nE 's/.* is not one of (.*)/\1/p; s/.*give one or more of (.*) with commas.*/\1/p' | string split ', '
end

# As the kubelet has them: <pod>_<namespace>_<container>-<id>.log
function __tcpdwell_pod_names
    ls /var/log/containers 2>/dev/null | sed -E 's/-[0-9a-f]*\.log$//' | cut -d _ -f $argv[1] | sort -u
end

# The values of a long option. The last item of a list is completed.
function __tcpdwell_values # PROGRAM COMMAND OPTION WORD
    set -l before (string match -r '^.*,' -- $argv[4])
    switch $argv[3]
        case --by --hooks --color --sort
            __tcpdwell_asked $argv[1..3]
        case --state
            string replace -r '^' "$before" -- (__tcpdwell_asked $argv[1..3])
        case --netns
            string replace -r '^' "$before" -- self all (ls /run/netns 2>/dev/null)
        case --pid
            string replace -r '^' "$before" -- (string match -r '^[0-9]+$' -- (ls /proc))
        case --comm
            cat /proc/[0-9]*/comm 2>/dev/null | sort -u
        case --pod
            string replace -r '^' "$before" -- (__tcpdwell_pod_names 1)
        case --namespace
            string replace -r '^' "$before" -- (__tcpdwell_pod_names 2)
        case --container
            string replace -r '^' "$before" -- (__tcpdwell_pod_names 3)
        case --unit
            systemctl list-units --plain --no-legend --type=service,slice,scope 2>/dev/null | cut -d ' ' -f 1
        case --since --until --at
            string split ' ' '10m 30m 2h 12h 24h'
        case --cgroup --log-dir --dir
            __fish_complete_directories $argv[4]
        case --output
            __fish_complete_path $argv[4]
    end
end

function __tcpdwell
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program $words[1]
    set -l command trace
    set -l option
    set -l commands (string replace -r '\t.*' '' -- (__tcpdwell_commands $program))

    if contains -- "$words[2]" $commands
        set command $words[2]
        if test $command = report -a (count $words) -gt 3
            set command $words[4]
        end
    end

    # --by=VALUE, or the word behind an option
    if string match -qr -- '^--[a-z0-9-]+=' $word
        set option (string replace -r '=.*' '' -- $word)
        string replace -r -- '^' "$option=" (__tcpdwell_values $program $command $option (string replace -r '^[^=]*=' '' -- $word))
        return
    end
    if string match -qr -- '^-' "$words[-1]"
        set option (__tcpdwell_valued $program $command $words[-1])
        if test -z "$option" -a "$words[2]" = report
            set option (__tcpdwell_valued $program report $words[-1])
        end
        if test -n "$option"
            __tcpdwell_values $program $command $option "$word"
            return
        end
    end

    if string match -qr -- '^-' "$word"
        __tcpdwell_options $program $command
        # A report's times also where it shows a view.
        if test "$words[2]" = report -a $command != report
            __tcpdwell_options $program report | string match -r -- '^--(?:since|until|at)\b.*'
        end
    else if test (count $words) = 1
        __tcpdwell_commands $program
    else if test "$words[2]" = bundle; or test "$words[2]" = report -a (count $words) = 2
        __fish_complete_path $word
    else if test "$words[2]" = report -a (count $words) = 3
        $program report --help 2>/dev/null | sed -nE '1s/.*\[([a-z|]+)\].*/\1/p' | string split '|'
    end
end

complete -c tcpdwell -f -a '(__tcpdwell)'
