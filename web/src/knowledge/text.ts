/** An article while it is written: plain fields as they are typed, and the article that they make. */
import type { Article, ArticleText, FileForm } from '../api/types'

export interface Typed {
  /** One a line; the first is the title. */
  questions: string
  ear: string
  eye: string
  language: ArticleText['language']
  tags: string[]
  audience: NonNullable<ArticleText['audience']>
  review: NonNullable<ArticleText['review']>
  /** Days, as `2026-05-31`; empty for no limit. */
  from: string
  until: string
}

const DAY_MS = 86_400_000

/** The day of a moment where the reader is. */
export function dayOf(at: number | null | undefined): string {
  if (at === null || at === undefined) return ''
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 10)
}

/** The moment at which a day begins where the reader is. */
export function startOf(day: string): number | null {
  const at = day === '' ? NaN : new Date(`${day}T00:00:00`).getTime()
  return Number.isNaN(at) ? null : at
}

export function blank(language: Typed['language'], question = ''): Typed {
  return { questions: question, ear: '', eye: '', language, tags: [], audience: 'caller', review: 'draft', from: '', until: '' }
}

export function typedOf({ article }: Pick<Article, 'article'>): Typed {
  return {
    questions: article.questions.join('\n'),
    ear: article.ear ?? '',
    eye: article.eye ?? '',
    language: article.language,
    tags: [...(article.tags ?? [])],
    audience: article.audience ?? 'caller',
    review: article.review ?? 'draft',
    from: dayOf(article.valid_from),
    // The last day that it is told, not the first that it is not.
    until: article.valid_until == null ? '' : dayOf(article.valid_until - DAY_MS / 2),
  }
}

export function questionsOf(typed: Typed): string[] {
  return typed.questions.split('\n').map((line) => line.trim()).filter((line) => line !== '')
}

export function articleOf(typed: Typed): ArticleText {
  const last = startOf(typed.until)
  const next = last === null ? null : startOf(dayOf(last + DAY_MS * 1.5))
  return {
    questions: questionsOf(typed),
    ear: typed.ear.trim(),
    eye: typed.eye.trim(),
    language: typed.language,
    tags: typed.tags,
    audience: typed.audience,
    review: typed.review,
    valid_from: startOf(typed.from),
    valid_until: next,
  }
}

/** A draft that was kept, if it is one. */
export function read(kept: string): Typed | undefined {
  try {
    const typed: unknown = JSON.parse(kept)
    const whole = typeof typed === 'object' && typed !== null && 'questions' in typed && 'tags' in typed && 'eye' in typed
    return whole ? (typed as Typed) : undefined
  } catch {
    return undefined
  }
}

/** The form that a file's name tells. */
export function formOf(name: string): FileForm {
  if (/\.(csv|tsv)$/i.test(name)) return 'csv'
  return /\.html?$/i.test(name) ? 'web' : 'markdown'
}
