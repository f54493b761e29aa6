/** The accounts of replication on a real server: looked at and made as `apmode init` does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountsHold, runScript } from '../../../src/adapters/mariadb/accounts.ts'
import { grantedWith, renderGrants } from '../../../src/core/render/grants.ts'
import { configOf, EXAMPLE } from '../../unit/core/config/example.ts'
import { ensureMariadbInstalled, type MariadbServer, makeServer, removeServers } from './server.ts'

const config = configOf(EXAMPLE)
const ACCOUNTS = config.nodes.map(({ address }) => ({ user: config.database.replicationUser, host: address }))
const PASSWORD = `it's a "back\\slash"`

describe.skipIf(ensureMariadbInstalled() !== null)('the accounts of replication', () => {
  let server: MariadbServer
  const hold = (password = PASSWORD) => accountsHold(server.socket, ACCOUNTS, grantedWith('mariadb'), password, 5000)
  const make = (password = PASSWORD) =>
    runScript(server.socket, 'make the accounts', renderGrants(config, password), 5000)

  beforeAll(async () => {
    server = await makeServer(1)
    await server.start()
  })
  afterAll(() => removeServers())

  test('hold only once they were made, and are made without a line in the binary log', async () => {
    const before = server.sql('SELECT @@gtid_binlog_pos')
    expect(await hold()).toBe(false)
    await make()
    expect(await hold()).toBe(true)
    expect(server.sql('SELECT @@gtid_binlog_pos')).toBe(before)
  })

  test('do not hold with another password, and do once they were made again', async () => {
    expect(await hold('another one')).toBe(false)
    await make('another one')
    expect([await hold('another one'), await hold()]).toEqual([true, false])
    await make()
  })

  test('do not hold when one of them lacks a privilege, or is gone', async () => {
    const [first, second] = ACCOUNTS.map(({ user, host }) => `'${user}'@'${host}'`)
    server.sql(`REVOKE SLAVE MONITOR ON *.* FROM ${second}`)
    expect(await hold()).toBe(false)
    await make()
    server.sql(`DROP USER ${first}`)
    expect(await hold()).toBe(false)
    await make()
    expect(await hold()).toBe(true)
  })

  test('are unknown when nobody answers, and an error never has the password in it', async () => {
    expect(await accountsHold('/nonexistent.sock', ACCOUNTS, grantedWith('mariadb'), PASSWORD, 1000)).toBeNull()
    const broken = `CREATE USER x IDENTIFIED BY 'secret' FRO`
    await expect(runScript(server.socket, 'make the accounts', broken, 5000)).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})
