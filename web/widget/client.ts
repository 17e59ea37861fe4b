/** The way to the service: begins a chat, says something, follows what is told. Resumes after a break by the number of the last message. */
import type { Message, Said } from './messages'

export interface Session {
  session: string
  token: string
}

/** Why something did not work, by the service's name for it; `offline` when it was not reached. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    /** How long the service asks to wait, in ms. */
    readonly wait = 0,
  ) {
    super(code)
  }
}

const TRIES = 4
const FIRST_PAUSE = 500
const LONGEST_PAUSE = 8_000
/** The service gives a sign of life every 15 s. */
const SILENCE = 40_000

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/** Reads server-sent events: gives the data of each whole one to `on`, and returns what is not whole yet. */
export function events(text: string, on: (data: string) => void): string {
  const blocks = text.replaceAll('\r\n', '\n').split('\n\n')
  const rest = blocks.pop() ?? ''
  for (const block of blocks) {
    const data = block
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).replace(/^ /, ''))
    if (data.length > 0) on(data.join('\n'))
  }
  return rest
}

export interface Following {
  message: (message: Message) => void
  connected: (is: boolean) => void
  /** The service does not know the chat any more. */
  lost: () => void
}

export class Client {
  constructor(private readonly server: string) {}

  async begin(language: string): Promise<Session> {
    const page = location.origin + location.pathname
    return (await this.send('POST', '/sessions', { language, page })).json() as Promise<Session>
  }

  /** Tries again while the service is not reached; by its reference the message is taken once. */
  async say({ session, token }: Session, said: Said): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.send('POST', `/sessions/${session}/messages`, said, token)
        return
      } catch (failure) {
        const passing = failure instanceof Failure && (failure.code === 'offline' || (failure.code === 'too_fast' && failure.wait <= 3_000))
        if (!passing || tries === TRIES) throw failure
        await pause(Math.max(failure.wait, FIRST_PAUSE * 2 ** tries))
      }
    }
  }

  async leave({ session, token }: Session): Promise<void> {
    await this.send('DELETE', `/sessions/${session}`, undefined, token)
  }

  /** Follows a chat from after `last` until it is over; the returned function stops it. */
  follow(session: Session, last: number, on: Following): () => void {
    const stopped = new AbortController()
    void this.keepFollowing(session, last, on, stopped.signal)
    return () => stopped.abort()
  }

  private async keepFollowing({ session, token }: Session, last: number, on: Following, stopped: AbortSignal): Promise<void> {
    let failures = 0
    let over = false
    const take = (data: string) => {
      const message = JSON.parse(data) as Message
      if (message.id <= last) return
      last = message.id
      over = message.kind === 'ended'
      on.message(message)
    }
    while (!stopped.aborted && !over) {
      const broken = new AbortController()
      const end = () => broken.abort()
      stopped.addEventListener('abort', end)
      let watch = setTimeout(end, SILENCE)
      try {
        const headers = { authorization: `Bearer ${token}`, 'last-event-id': String(last), accept: 'text/event-stream' }
        const reply = await fetch(`${this.server}/api/v1/chat/sessions/${session}/events`, {
          headers,
          signal: broken.signal,
          cache: 'no-store',
          credentials: 'omit',
        })
        if (reply.status === 401) return on.lost()
        if (!reply.ok || !reply.body) throw new Failure('other')
        on.connected(true)
        failures = 0
        const reader = reply.body.getReader()
        const decoder = new TextDecoder()
        let text = ''
        for (;;) {
          const { done, value } = await reader.read()
          clearTimeout(watch)
          if (done) break
          watch = setTimeout(end, SILENCE)
          text = events(text + decoder.decode(value, { stream: true }), take)
        }
      } catch {
        // Whatever broke it, it is tried again.
      } finally {
        clearTimeout(watch)
        stopped.removeEventListener('abort', end)
      }
      if (stopped.aborted || over) return
      on.connected(false)
      await Promise.race([pause(Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE)), isBack(stopped)])
      failures += 1
    }
  }

  private async send(method: string, path: string, body?: unknown, token?: string): Promise<Response> {
    let reply: Response
    try {
      reply = await fetch(`${this.server}/api/v1/chat${path}`, {
        method,
        headers: {
          'x-hotline': '1',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: 'no-store',
        credentials: 'omit',
      })
    } catch {
      throw new Failure('offline')
    }
    if (reply.ok) return reply
    const said = (await reply.json().catch(() => undefined)) as { error?: { code?: string } } | undefined
    throw new Failure(said?.error?.code ?? 'other', Number(reply.headers.get('retry-after') ?? 0) * 1_000)
  }
}

/** When the network, or the visitor, is back. */
function isBack(stopped: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const gone = new AbortController()
    const { signal } = gone
    const back = () => {
      gone.abort()
      done()
    }
    addEventListener('online', back, { signal })
    document.addEventListener('visibilitychange', () => document.hidden || back(), { signal })
    stopped.addEventListener('abort', back, { signal })
    setTimeout(() => gone.abort(), LONGEST_PAUSE)
  })
}
