"""The scripts that make bash, zsh and fish ask for completions, and their installation."""

import os
from pathlib import Path

from backorderctl.errors import BackorderctlError
from backorderctl.files import atomic_file

SCRIPTS = {
    "bash": """\
_backorderctl() {
    local found
    mapfile -t found < <(_BACKORDERCTL_COMPLETE=bash "$1" "${COMP_LINE:0:COMP_POINT}" "$2" 2> /dev/null)
    COMPREPLY=("${found[@]:1}")
    case ${found[0]} in
        files) compopt -o default ;;
        'no blank') compopt -o nospace ;;
    esac
}
complete -F _backorderctl backorderctl
""",
    "zsh": """\
#compdef backorderctl
_backorderctl() {
    local -a found blank
    local answer="$(_BACKORDERCTL_COMPLETE=zsh "${(Q)words[1]}" \\
        "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null)"
    found=("${(@0)answer}")
    [[ $found[1] == files ]] && _files
    [[ $found[1] == 'no blank' ]] && blank=(-S '')
    compadd $blank -- "${(@)found[2,-2]}"
}
if [[ $funcstack[1] == _backorderctl ]]; then _backorderctl "$@"; else compdef _backorderctl backorderctl; fi
""",
    "fish": """\
function __backorderctl
    set -l words (commandline -opc)
    set -l found (_BACKORDERCTL_COMPLETE=fish $words (commandline -ct) 2> /dev/null | string split0)
    test "$found[1]" = files; and __fish_complete_path (commandline -ct)
    test (count $found) -gt 2; and printf '%s\\0' $found[2..-2]
end
complete -c backorderctl -f -k -a '(__backorderctl | string split0)'
""",
}
_PLACES = {
    "bash": (".bash_completions/backorderctl.sh", ".bashrc", "source '{place}'"),
    "zsh": (".zfunc/_backorderctl", ".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
    "fish": (".config/fish/completions/backorderctl.fish", None, ""),
}
"""In the home folder: the script, the file that the shell reads when it starts, and the line there that loads it."""


def install(shell: str) -> str:
    """Install the script of a shell for this user; gives where. BackorderctlError for another shell."""
    place, start, line = _PLACES[chosen(shell)]
    home = Path.home()
    (home / place).parent.mkdir(parents=True, exist_ok=True)
    atomic_file.replace_bytes(str(home / place), SCRIPTS[chosen(shell)].encode())
    if start is not None:
        old = (home / start).read_bytes() if (home / start).exists() else b""
        added = line.format(place=home / place).encode()
        if added not in old:
            atomic_file.replace_bytes(str(home / start), old.rstrip(b"\n") + b"\n" * bool(old) + added + b"\n")
    return str(home / place)


def chosen(shell: str) -> str:
    """The shell of that name, or for "" the one that this program was started in; BackorderctlError for another."""
    if not shell:
        try:
            shell = Path(f"/proc/{os.getppid()}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            shell = ""
        if shell not in SCRIPTS:
            shell = Path(os.environ.get("SHELL", "")).name
    if shell not in SCRIPTS:
        raise BackorderctlError(f"completion: expected bash, zsh or fish, got {shell!r}")
    return shell
