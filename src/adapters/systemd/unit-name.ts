/**
 * Unit names and the object paths made of them. Pure.
 * Invariant: `unitPath` gives the path that systemd itself uses (sd_bus_path_encode: everything but letters, and digits
 * that are not first, becomes _xx), so that signals of a unit can be matched while the unit is not loaded.
 */

const SUFFIX = '(?:service|socket|target|timer|mount|automount|path|slice|scope|swap|device)'
/** systemd.unit(5): "ASCII letters, digits, :, -, _, ., and \"; `@` for instances (a template is no unit). At most 255 characters. */
const NAME = new RegExp(`^(?=.{1,255}$)(?!.*@\\.)[A-Za-z0-9:_.\\\\@-]+\\.${SUFFIX}$`)

export function isUnitName(name: string): boolean {
  return NAME.test(name)
}

export function unitPath(id: string): string {
  const encoded = id.replace(/[^A-Za-z0-9]|^[0-9]/g, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  return `/org/freedesktop/systemd1/unit/${encoded}`
}
