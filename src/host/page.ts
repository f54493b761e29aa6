/** The page of the read-only port as one string; the build puts it in, a checkout has none. */
export const PAGE: string | null = process.env.APMODE_PAGE ?? null
