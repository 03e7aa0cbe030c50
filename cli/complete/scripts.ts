/** Shells that there is a script for. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type ShellName = (typeof shells)[number];

/** The script that has a shell ask this command what may be typed next. */
export function completionScript(shell: ShellName): string {
  return scripts[shell];
}

// --- internal ---

/** Bash parts words at `:` and `=`, so it hands over the line; a candidate that goes on, as `--flag=`, gets no space. */
const bash = `# openclaw completion for bash: source <(openclaw completion bash)
_openclaw_complete() {
  local reply line
  reply=$("$1" __complete line "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null) || return 0
  COMPREPLY=()
  if [[ $reply == :files ]]; then
    compopt -o default 2>/dev/null
    return 0
  fi
  while IFS= read -r line; do
    [[ -n $line ]] && COMPREPLY+=("$(printf '%q' "$line")")
  done <<< "$reply"
  return 0
}
complete -F _openclaw_complete openclaw
`;

const zsh = `#compdef openclaw
# openclaw completion for zsh: source <(openclaw completion zsh), after compinit
_openclaw() {
  local reply line
  local -a values shown
  reply=$("$words[1]" __complete words "\${(@Q)words[2,CURRENT]}" 2>/dev/null) || return 1
  if [[ $reply == ':files' ]]; then
    _files
    return
  fi
  for line in "\${(@f)reply}"; do
    [[ -z $line ]] && continue
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line/$'\\t'/  -- }")
  done
  (( $#values )) || return 1
  compadd -l -d shown -a values
}
if [ "$funcstack[1]" = "_openclaw" ]; then
  _openclaw "$@"
else
  compdef _openclaw openclaw
fi
`;

const fish = `# openclaw completion for fish: openclaw completion fish | source
function __openclaw_complete
    set -l words (commandline -opc)
    set -l reply ($words[1] __complete words $words[2..-1] (commandline -ct) 2>/dev/null)
    or return 0
    if test "$reply" = ':files'
        __fish_complete_path (commandline -ct)
        return 0
    end
    printf '%s\\n' $reply
end
complete -c openclaw -f -a '(__openclaw_complete)'
`;

const powershell = `# openclaw completion for PowerShell: openclaw completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName openclaw -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements |
    Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
    Select-Object -Skip 1 |
    ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
  if ($wordToComplete -eq '') { $words += '""' }
  $reply = @(& $commandAst.CommandElements[0].Extent.Text __complete words @words 2>$null)
  if ($reply.Count -eq 1 -and $reply[0] -eq ':files') { return }
  foreach ($line in $reply) {
    $value, $about = $line -split "\`t", 2
    if (-not $about) { $about = $value }
    $text = $value
    if ($value -notmatch '^[A-Za-z0-9_./:=+-]+$') {
      $text = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'"
    }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
  }
}
`;

const scripts: Readonly<Record<ShellName, string>> = { bash, zsh, fish, powershell };
