import { afterEach, describe, expect, test } from 'vitest'
import { type Driven, drive } from '../../fakes/driven.ts'
import { World } from '../../fakes/world.ts'

let driven: Driven | null = null
afterEach(async () => {
  await driven?.close()
  driven = null
})

describe('check', () => {
  test('of a unit by its name is about that unit alone', async () => {
    const world = new World().running(true)
    driven = await drive(world)
    expect(await driven.control.check(['nginx.service', 'nic'])).toMatchObject({ ok: true })
    world.becomes('nginx.service', 'failed')
    await driven.idle()
    expect(await driven.control.check(['nginx.service', 'mariadb.service'])).toMatchObject({
      ok: false,
      items: [
        { what: 'nginx.service', ok: false, sentence: 'nginx.service is failed' },
        { what: 'mariadb.service', ok: true, sentence: 'mariadb.service: active' },
      ],
    })
  })

  test('of a unit that is not in the configuration is refused with the names that are', async () => {
    driven = await drive(new World().running(true))
    const { control } = driven
    expect(() => control.check(['ngnix.service'])).toThrow(
      /cannot check "ngnix.service": expected one of .*nginx.service/,
    )
  })
})
