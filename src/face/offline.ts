/** The commands that need no supervisor: `render`, `table`, `config check`, `completion`. Each loads what it needs and no more. */
import type { Command } from 'commander'
import type { Config } from '../core/config.ts'
import { type Context, printJson } from './context.ts'
import { EXIT, type Exit, Failure } from './exit.ts'

export const RENDERED = ['keepalived', 'mariadb', 'grants'] as const
type Rendered = (typeof RENDERED)[number]
export const SHELLS = ['bash', 'zsh', 'fish'] as const

export async function render(context: Context, what: Rendered, { node }: { readonly node?: string }): Promise<Exit> {
  const { loadConfig, formatProblems } = await import('../adapters/config-file.ts')
  const loaded = loadConfig({ checkSecrets: false, ...(node === undefined ? {} : { node }) })
  if (!loaded.ok) throw new Failure(EXIT.usage, formatProblems(loaded.path, loaded.problems))
  context.terminal.out(await textOf(what, loaded.config, context))
  return EXIT.done
}

async function textOf(what: Rendered, config: Config, context: Context): Promise<string> {
  switch (what) {
    case 'keepalived':
      return (await import('../core/render/keepalived.ts')).renderKeepalived(config, config.node)
    case 'mariadb':
      return (await import('../core/render/mariadb.ts')).renderMariadb(config, config.node)
    case 'grants':
      return (await import('../core/render/grants.ts')).renderGrants(config, await passwordFor(config, context))
  }
}

/** null on a terminal: a password is for a pipe into `mariadb`, not for a screen. */
async function passwordFor({ database }: Config, { terminal }: Context): Promise<string | null> {
  if (database.engine === 'none' || terminal.outIsTerminal) return null
  const { readSecret } = await import('../adapters/config-file.ts')
  const found = readSecret(database.replicationPasswordFile)
  if (found.ok) return found.secret
  throw new Failure(EXIT.usage, `cannot render the grants: database.replication_password_file: ${found.problem}`)
}

export async function table({ terminal }: Context): Promise<Exit> {
  const [{ renderTable }, { loadConfig }] = await Promise.all([
    import('../core/table.ts'),
    import('../adapters/config-file.ts'),
  ])
  // Where there is no configuration (yet), the whole of it.
  const loaded = loadConfig({ checkSecrets: false })
  terminal.out(renderTable(loaded.ok ? loaded.config.database.engine : 'mariadb'))
  return EXIT.done
}

export async function completion(
  { terminal }: Context,
  program: Command,
  shell: (typeof SHELLS)[number],
): Promise<Exit> {
  const { renderCompletion } = await import('./completion/render.ts')
  terminal.out(renderCompletion(program, shell))
  return EXIT.done
}

export async function configCheck(
  context: Context,
  file: string | undefined,
  { json }: { readonly json?: boolean },
): Promise<Exit> {
  const { loadConfig, formatProblems, problemsAsJson } = await import('../adapters/config-file.ts')
  const loaded = loadConfig(file === undefined ? {} : { path: file })
  if (json) printJson(context, problemsAsJson(loaded.path, loaded.ok ? [] : loaded.problems))
  else if (loaded.ok) context.terminal.out(`${loaded.path}: good; this machine is ${loaded.config.node.name}\n`)
  else context.terminal.err(`${formatProblems(loaded.path, loaded.problems)}\n`)
  return loaded.ok ? EXIT.done : EXIT.usage
}
