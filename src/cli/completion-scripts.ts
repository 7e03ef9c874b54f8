/** The scripts that make a shell ask `slipway __complete` what may come next. Data: one text per shell. */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# bash completion of slipway; put into ~/.bashrc:  source <(slipway completion bash)
_slipway() {
  local word=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = ":files" ]; then
      compopt -o filenames
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("$line")
    fi
  done < <(slipway __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _slipway slipway
`;

const ZSH = `#compdef slipway
# zsh completion of slipway; put into ~/.zshrc:  source <(slipway completion zsh)
_slipway() {
  local -a answers
  answers=("\${(@f)$(slipway __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${answers[(Ie):files]} )); then
    answers=("\${(@)answers:#:files}")
    _files
  fi
  (( \${#answers} )) && [[ -n "\${answers[1]}" ]] && compadd -- "\${answers[@]}"
}
if [ "$funcstack[1]" = "_slipway" ]; then
  _slipway "$@"
else
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit; }
  compdef _slipway slipway
fi
`;

const FISH = `# fish completion of slipway; put into ~/.config/fish/config.fish:  slipway completion fish | source
function __slipway_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (slipway __complete -- $words[2..-1] 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c slipway -f -a "(__slipway_complete)"
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
