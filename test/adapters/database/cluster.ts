/**
 * Galera members on this machine, for tests: real servers, each on a loopback address of its own. They begin with the same
 * data and one history, so that none needs a state transfer and all stand in about a second.
 * Invariant: nobody but the member with that number gets its address, and `removeServers` removes them.
 */
import { randomUUID } from 'node:crypto'
import { chownSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { galeraOptions, PROVIDER } from '../../../src/core/render/galera.ts'
import { type MariadbServer, makeServer } from '../mariadb/server.ts'
import { until } from '../mariadb/until.ts'

/** Why there is no Galera here; null: there is. */
export const whyNoGalera = () => (existsSync(PROVIDER) ? null : `${PROVIDER} is not there (package galera-4)`)

export interface Member {
  readonly server: MariadbServer
  readonly host: string
}

/** 127.0.0.0/8 is loopback as a whole: one network for each process. */
const network = `127.${64 + ((process.pid >> 8) & 63)}.${process.pid & 255}`

export const isSynced = ({ server }: Pick<Member, 'server'>) =>
  server.sql("SHOW GLOBAL STATUS LIKE 'wsrep_local_state_comment'").endsWith('Synced') &&
  server.sql("SHOW GLOBAL STATUS LIKE 'wsrep_ready'").endsWith('ON')

export async function startCluster(size: number): Promise<readonly Member[]> {
  const hosts = Array.from({ length: size }, (_, index) => `${network}.${index + 1}`)
  const history = randomUUID()
  const members: Member[] = []
  for (const [index, host] of hosts.entries()) {
    const options = [
      `--bind-address=${host}`,
      '--gtid-strict-mode=0',
      '--read-only=0',
      '--innodb-autoinc-lock-mode=2',
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      '--wsrep-cluster-name=test',
      `--wsrep-cluster-address=gcomm://${hosts.join(',')}`,
      `--wsrep-node-address=${host}`,
      `--wsrep-node-name=member${index + 1}`,
      `--wsrep-provider-options=${galeraOptions()};gmcast.listen_addr=tcp://${host}:4567;gcache.size=16M`,
    ]
    const server = await makeServer(index + 1, options)
    // Each that joined was one step of the history.
    const state = `version: 2.1\nuuid:    ${history}\nseqno:   ${index}\nsafe_to_bootstrap: ${index === 0 ? 1 : 0}\n`
    const path = `${server.folder}/data/grastate.dat`
    writeFileSync(path, `# GALERA saved state\n${state}`)
    const { uid, gid } = statSync(`${server.folder}/data`)
    chownSync(path, uid, gid)
    const member = { server, host }
    await server.start(index === 0 ? ['--wsrep-new-cluster'] : [])
    await until(`${host} is synced`, () => isSynced(member), 30_000)
    members.push(member)
  }
  return members
}
