#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the completions for bash, zsh and fish of what the program's --help says.

Usage:  completions.py PROGRAM FOLDER     writes wsbridged.bash, _wsbridged and wsbridged.fish
"""
import pathlib
import re
import sys

from help_text import read_program

PREFACE = "# SPDX-License-Identifier: MIT\n# Made of what wsbridged --help says; changes here are lost.\n"
PROGRAM_OPTIONS = {"--help": "what it can do", "--version": "its version"}


def takes_file(option):
    return option.argument == "FILE"


def short(text):
    """A description: what is said before the first parenthesis or semicolon."""
    return re.split(r" \(|;|,? (?:or )?unix:", text)[0].strip()


def value_words(comment):
    """The words that may follow an action, when its comment is nothing but such words."""
    words = re.split(r", | or ", comment)
    return words if len(words) > 2 and all(re.fullmatch(r"[a-z]+", word) for word in words) else []


def bash_case(verb):
    names = [name for option in verb.options for name in option.names]
    files = [name for option in verb.options if takes_file(option) for name in option.names]
    texts = [name for option in verb.options if option.argument and not takes_file(option)
             for name in option.names]
    return (f"    {verb.name})\n"
            f"      options='{' '.join(names)}' files=' {' '.join(files)} '\n"
            f"      texts=' {' '.join(texts)} ' actions='{' '.join(verb.actions)}' ;;\n")


def bash_values(verbs):
    for verb in verbs:
        for action, comment in verb.actions.items():
            if value_words(comment):
                yield f"    {action}) values='{' '.join(value_words(comment))}' ;;\n"


BASH = """_wsbridged() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} index action=
  local options= files= texts= actions= values= previous=
  COMPREPLY=()
  if [ "$COMP_CWORD" -gt 1 ]; then
    previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  fi
  # Without a verb it is run.
  if [ "$COMP_CWORD" -eq 1 ] || [[ $verb == -* ]]; then
    verb=run
  fi
  case $verb in
{cases}  esac
  if [[ $files == *" $previous "* && -n $previous ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    return
  fi
  if [[ $texts == *" $previous "* && -n $previous ]]; then
    return
  fi
  for ((index = 2; index < COMP_CWORD; index++)); do
    if [[ " $actions " == *" ${{COMP_WORDS[index]}} "* ]]; then
      action=${{COMP_WORDS[index]}} actions=
    fi
  done
  case $action in
{values}    *) ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    actions='{verbs}' options="$options {program_options}"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$actions $values $options" -- "$word")
}}
complete -F _wsbridged wsbridged
"""


def bash(verbs):
    return PREFACE + BASH.format(
        cases="".join(map(bash_case, verbs)), values="".join(bash_values(verbs)),
        verbs=" ".join(verb.name for verb in verbs), program_options=" ".join(PROGRAM_OPTIONS))


def quoted(text):
    return "'" + text.replace("'", r"'\''") + "'"


def zsh_text(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


def zsh_option(option):
    text = zsh_text(short(option.text))
    action = "" if not option.argument else (
        f":{zsh_text(option.argument)}:" + ("_files" if takes_file(option) else ""))
    repeat = "*" if option.repeats else ""
    others = f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    return [quoted(f"{repeat}{others}{name}[{text}]{action}") for name in option.names]


def zsh_actions(verb):
    """What follows the options: the actions, and the words after one of them."""
    if not verb.actions:
        return ["'*::argument:'"] if not verb.options else []
    names = " ".join(f"{name}\\:{quoted_inside(zsh_text(comment))}"
                     for name, comment in verb.actions.items())
    words = sorted({word for comment in verb.actions.values() for word in value_words(comment)})
    return [f'"1:action:(({names}))"', f"'2:argument:({' '.join(words)})'"]


def quoted_inside(text):
    return '\\"' + re.sub(r'(["$`])', r"\\\1", text) + '\\"'


def zsh_case(verb):
    arguments = [item for option in verb.options if option.names for item in zsh_option(option)]
    arguments += zsh_actions(verb)
    return f"    {verb.name})\n      _arguments -s " + " \\\n        ".join(arguments) + " ;;\n"


ZSH = """_wsbridged() {{
  local -a verbs options
  verbs=({verbs})
  options=({options})
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t verbs 'command' verbs
    return
  fi
  if (( CURRENT == 2 )); then
    _describe -o -t options 'option' options
  fi
  local verb=$words[2]
  if [[ $verb == -* ]]; then
    verb=run
  else
    shift words
    (( CURRENT-- ))
  fi
  case $verb in
{cases}  esac
}}
_wsbridged "$@"
"""


def zsh(verbs):
    return "#compdef wsbridged\n" + PREFACE + ZSH.format(
        verbs=" ".join(quoted(f"{verb.name}:{zsh_text(verb.summary)}") for verb in verbs),
        options=" ".join(quoted(f"{name}:{text}") for name, text in PROGRAM_OPTIONS.items()),
        cases="".join(map(zsh_case, verbs)))


def fish_name(name):
    if name.startswith("--"):
        return f"-l {name[2:]}"
    return f"-s {name[1:]}"


def fish_lines(verb):
    seen = f"__fish_seen_subcommand_from {verb.name}"
    # Without a verb it is run.
    where = f"{seen}; or __fish_use_subcommand" if verb.name == "run" else seen
    for option in verb.options:
        if option.names:
            names = " ".join(map(fish_name, option.names))
            kind = "" if not option.argument else " -r -F" if takes_file(option) else " -x"
            yield f"complete -c wsbridged -n {quoted(where)} {names}{kind} -d {quoted(short(option.text))}"
    if verb.actions:
        none = f"{seen}; and not __fish_seen_subcommand_from {' '.join(verb.actions)}"
        for name, comment in verb.actions.items():
            yield f"complete -c wsbridged -n {quoted(none)} -a {name} -d {quoted(short(comment))}"
            if value_words(comment):
                after = f"{seen}; and __fish_seen_subcommand_from {name}"
                yield f"complete -c wsbridged -n {quoted(after)} -a '{' '.join(value_words(comment))}'"


def fish(verbs):
    lines = ["complete -c wsbridged -f"]
    for verb in verbs:
        lines.append(f"complete -c wsbridged -n __fish_use_subcommand -a {verb.name} "
                     f"-d {quoted(verb.summary)}")
        lines += fish_lines(verb)
    # --help without a verb is among those of run.
    lines.append(f"complete -c wsbridged -n __fish_use_subcommand -l version "
                 f"-d {quoted(PROGRAM_OPTIONS['--version'])}")
    return PREFACE + "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    _, verbs = read_program(sys.argv[1])
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in (("wsbridged.bash", bash), ("_wsbridged", zsh), ("wsbridged.fish", fish)):
        (folder / name).write_text(make(verbs), encoding="utf-8")


if __name__ == "__main__":
    main()
