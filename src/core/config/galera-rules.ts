/**
 * What the keys must say together where a Galera cluster is concerned, and what of it means something there alone. A key that has
 * no meaning with the engine is an error where it is given: nobody shall believe that it does something.
 */
import { at, type Rule } from './rules.ts'

/** Replication has no relay log to be drained there, and its own way to acknowledge. */
const NOT_WITH_GALERA = {
  durability: 'a commit is on all members of the primary component',
  drain_timeout: 'a member applies before it is Synced, and nobody is promoted',
  drain_policy: 'a member applies before it is Synced, and nobody is promoted',
} as const
const ONLY_WITH_GALERA = ['cluster_name', 'donor_serves'] as const

const keysOfTheEngine: Rule = ({ database }, report) => {
  const { engine } = database.values
  if (engine === undefined) return
  if (engine !== 'galera') {
    for (const key of ONLY_WITH_GALERA.filter((name) => database.given(name)))
      report(at(database, key, `found it with engine "${engine}", expected it with engine "galera" only`))
    return
  }
  for (const [key, why] of Object.entries(NOT_WITH_GALERA) as [keyof typeof NOT_WITH_GALERA, string][]) {
    if (database.given(key))
      report(at(database, key, `found it with engine "galera", expected it to be left out: ${why}`))
  }
}

const LOOPBACK = /^(127\.|::1$|localhost$)/

/** The members learn each other's positions there, when no database runs any more. */
const askedByOthers: Rule = ({ database, nodes, health }, report) => {
  if (database.values.engine !== 'galera' || !health.given('listen')) return
  const { listen } = health.values
  if (listen === undefined) return
  const expected =
    'expected the others to reach it: "0.0.0.0:8008", "[::]:8008", or left out (the address of each machine)'
  if (listen === null) return report(at(health, 'listen', `found "off" with engine "galera", ${expected}`))
  const oneOnly = nodes.length > 1 && nodes.some(({ values }) => values.address === listen.host)
  if (LOOPBACK.test(listen.host) || oneOnly)
    report(at(health, 'listen', `found ${listen.host} with engine "galera", ${expected}`))
}

export const GALERA_RULES: readonly Rule[] = [keysOfTheEngine, askedByOthers]
