import { writeFileSync } from 'node:fs'
import { describe, vi } from 'vitest'
import { createMariadb } from '../../../src/adapters/mariadb/mariadb.ts'
import { ensureMariadbInstalled, makeServer, removeServers } from '../mariadb/server.ts'
import { until } from '../mariadb/until.ts'
import { ACCOUNTS, IN, keepsTheContract } from './contract.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const skipped = ensureMariadbInstalled()

describe.skipIf(skipped !== null)(`with a replica beside it${skipped === null ? '' : ` (skipped: ${skipped})`}`, () => {
  keepsTheContract({
    name: 'MariaDB',
    async start() {
      const [server, beside] = [await makeServer(1), await makeServer(2)]
      await Promise.all([server.start(), beside.start()])
      server.sql(ACCOUNTS)
      const passwordFile = `${server.folder}/password`
      writeFileSync(passwordFile, 'p\n', { mode: 0o600 })
      const asked = { host: '127.0.0.1', user: 'replication', passwordFile }
      const [self, peer] = [
        { ...asked, port: server.port },
        { ...asked, port: beside.port },
      ]
      const replica = createMariadb({ socket: beside.socket })
      await replica.follow(self, IN)
      await replica.close()
      await until('it replicates', () => beside.sql("SHOW DATABASES LIKE 'app'") === 'app')
      const database = createMariadb({ socket: server.socket })
      return { server, beside, database, host: '127.0.0.1', self, peer, whole: async () => {} }
    },
    end: removeServers,
    refuses: {
      desync: (database) => database.desync(true, IN),
      resync: (database) => database.desync(false, IN),
      'form a primary component': (database) => database.formComponent(IN),
    },
  })
})
