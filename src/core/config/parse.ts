/**
 * From the text of apmode.toml to a complete `Config`, or to every fault at once, each with its line. Pure: what only
 * the machine knows (its name, the state of the password file) is passed in. It never shows a value under an unknown key.
 */
import type { Config, ConfigProblem, DatabaseConfig, NodeConfig, UnitConfig } from '../config.ts'
import { GALERA_RULES } from './galera-rules.ts'
import { HOOKS } from './hooks-shape.ts'
import { readTable, repeatedTables, singleTable } from './read.ts'
import { type Draft, RULES } from './rules.ts'
import { DATABASE, HEALTH, NODE, SECTIONS, type Shape, TOP, UNIT, type ValuesOf, VRRP } from './schema.ts'
import { findSelf, type Self } from './self.ts'
import { treeOf } from './tree.ts'

/** What the file system says; asked only when the configuration needs it. */
export interface Facts {
  /** What is wrong with the password file, as "found …, expected …"; null: nothing. */
  passwordFileProblem(path: string): string | null
}

export type ParseResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] }

/** All of a shape's values, or null when one could not be read. */
function complete<S extends Shape>(shape: S, values: Partial<ValuesOf<S>>): ValuesOf<S> | null {
  const isComplete = Object.values(shape).every((row) => row.field in values)
  // The line above is what the type cannot say.
  return isComplete ? (values as unknown as ValuesOf<S>) : null
}

const present = <T>(value: T | null): value is T => value !== null

/** In the order of the file; equal lines keep the order in which they were found. */
const byLine = (a: ConfigProblem, b: ConfigProblem) => a.line - b.line

/** Where the members of a Galera cluster ask each other, each on its own address. */
const GALERA_PORT = 8008

/** keepalived last, wherever the file has it: it is started on a machine that is fit, and stopped before all others. */
const inStartOrder = (units: readonly UnitConfig[]): readonly UnitConfig[] => [
  ...units.filter(({ kind }) => kind !== 'router'),
  ...units.filter(({ kind }) => kind === 'router'),
]

function databaseOf(values: ValuesOf<typeof DATABASE>, codename: string): DatabaseConfig {
  const { engine, durability } = values
  return {
    ...values,
    durability: engine === 'galera' ? 'async' : durability,
    // A codename may be longer, and may have a colon.
    clusterName: values.clusterName ?? codename.replaceAll(':', '-').slice(0, 32),
  }
}

export function parseConfig(text: string, self: Self, facts?: Facts): ParseResult {
  const problems: ConfigProblem[] = []
  const report = (problem: ConfigProblem) => void problems.push(problem)

  const tree = treeOf(text)
  if (!tree.ok) {
    return {
      ok: false,
      problems: [{ line: tree.line, key: '', message: `found a syntax error, expected TOML: ${tree.message}` }],
    }
  }
  const { root } = tree
  const sections = SECTIONS.map((section) => section.name).filter((name) => name !== '')

  const single = <S extends Shape>(name: string, shape: S) => {
    const table = singleTable(root, name, report)
    const isRequired = Object.values(shape).some((row) => !('fallback' in row))
    if (isRequired && !root.entries.has(name)) {
      report({ line: 1, key: name, message: `found no [${name}], expected this table` })
    }
    return readTable(shape, table, { path: name, line: table?.line ?? 1 }, report)
  }
  const repeated = <S extends Shape>(name: string, shape: S) =>
    repeatedTables(root, name, report).map((table, index) =>
      readTable(shape, table, { path: `${name}[${index}]`, line: table.line }, report),
    )

  const top = readTable(TOP, root, { path: '', line: 1 }, report, sections)
  const nodes = repeated('node', NODE)
  const vrrp = single('vrrp', VRRP)
  const units = repeated('unit', UNIT)
  const database = single('database', DATABASE)
  const health = single('health', HEALTH)
  const hooks = single('hooks', HOOKS)
  const broken = new Set(problems.filter(({ key }) => key === 'node' || key === 'unit').map(({ key }) => key))

  const draft: Draft = { top, nodes, vrrp, units, database, health, broken }
  for (const rule of [...RULES, ...GALERA_RULES]) rule(draft, report)

  const named = nodes.flatMap((node) => (node.values.name === undefined ? [] : [{ name: node.values.name, node }]))
  const found = named.length > 0 ? findSelf(named, self) : null
  // With a name that could not be read, this machine may well be that node.
  if (found?.ok === false && named.length === nodes.length) {
    report({ line: nodes[0]?.line ?? 1, key: 'node', message: found.message })
  }

  const { engine, replicationPasswordFile } = database.values
  const secret = engine !== undefined && engine !== 'none' && replicationPasswordFile !== undefined
  const wrong = secret ? (facts?.passwordFileProblem(replicationPasswordFile) ?? null) : null
  if (wrong !== null) {
    const line = database.lineOf('replication_password_file')
    report({ line, key: 'database.replication_password_file', message: wrong })
  }
  if (problems.length > 0) return { ok: false, problems: problems.sort(byLine) }

  const complaint = 'parseConfig: a value is missing although no problem was reported'
  const allNodes: NodeConfig[] = nodes.map(({ values }) => complete(NODE, values)).filter(present)
  const allUnits: UnitConfig[] = units.map(({ values }) => complete(UNIT, values)).filter(present)
  const node = allNodes.find((candidate) => found?.ok && candidate.name === found.node.name)
  const peers = allNodes.filter((candidate) => candidate !== node)
  const parts = {
    top: complete(TOP, top.values),
    vrrp: complete(VRRP, vrrp.values),
    database: complete(DATABASE, database.values),
    health: complete(HEALTH, health.values),
    hooks: complete(HOOKS, hooks.values),
  }
  if (node === undefined || !parts.top || !parts.vrrp || !parts.database || !parts.health || !parts.hooks)
    throw new Error(complaint)
  const config: Config = {
    ...parts.top,
    node,
    peer: peers.length === 1 ? (peers[0] ?? null) : null,
    peers,
    nodes: allNodes,
    vrrp: parts.vrrp,
    units: inStartOrder(allUnits),
    database: databaseOf(parts.database, parts.top.codename),
    health:
      engine === 'galera' && !health.given('listen') ? { host: node.address, port: GALERA_PORT } : parts.health.listen,
    healthAgent: parts.health.agentListen,
    hooks: parts.hooks,
  }
  return { ok: true, config }
}
