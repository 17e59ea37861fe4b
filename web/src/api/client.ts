/**
 * The one place that speaks HTTP: adds the header that mutating requests need, turns every failure into a `Failure` with
 * words for people, and notices an expired sign-in.
 */
import createClient from 'openapi-fetch'
import type { paths } from './schema'

/** What went wrong: `offline` when no answer came, otherwise the service's own code and words. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

const signedOut = new Set<() => void>()

/** Calls back when a request finds that nobody is signed in any more. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener)
  return () => void signedOut.delete(listener)
}

export const http = createClient<paths>({
  baseUrl: '',
  credentials: 'same-origin',
  headers: { 'x-hotline': '1' },
})

interface Reply<T> {
  data?: T
  error?: unknown
  response: Response
}

function wordsOf(error: unknown): { code: string; message: string } {
  const inner = (error as { error?: { code?: unknown; message?: unknown } } | undefined)?.error
  return {
    code: typeof inner?.code === 'string' ? inner.code : 'unknown',
    message: typeof inner?.message === 'string' ? inner.message : '',
  }
}

/** Waits for a reply and returns its body, or throws a `Failure`. */
export async function take<T>(request: Promise<Reply<T>>): Promise<T> {
  let reply: Reply<T>
  try {
    reply = await request
  } catch {
    throw new Failure(0, 'offline', '')
  }
  if (reply.response.ok) return reply.data as T
  const { code, message } = wordsOf(reply.error)
  const failure = new Failure(reply.response.status, code, message)
  if (failure.status === 401) signedOut.forEach((listener) => listener())
  throw failure
}
