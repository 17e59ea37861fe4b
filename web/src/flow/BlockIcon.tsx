/** What a kind of block looks like: its icon, and the colour of its drawer of the palette. */
import { BookOpen, Braces, Flag, GitBranch, Globe, Headset, Languages, ListOrdered, MessageCircleQuestion, Square, TicketPlus, Volume2 } from 'lucide-react'
import './block.css'

const looks: Record<string, { icon: typeof Square; category: string }> = {
  say: { icon: Volume2, category: 'speak' },
  menu: { icon: ListOrdered, category: 'listen' },
  ask_intent: { icon: MessageCircleQuestion, category: 'listen' },
  collect: { icon: Braces, category: 'listen' },
  answer: { icon: BookOpen, category: 'know' },
  http: { icon: Globe, category: 'know' },
  branch: { icon: GitBranch, category: 'decide' },
  language: { icon: Languages, category: 'decide' },
  to_queue: { icon: Headset, category: 'hand_over' },
  create_ticket: { icon: TicketPlus, category: 'record' },
  end: { icon: Flag, category: 'structure' },
}

/** `category` from the registry wins, so that a new kind of block has its colour before it has an icon. */
export function BlockIcon({ kind, category }: { kind: string; category?: string }) {
  const look = looks[kind]
  const Icon = look?.icon ?? Square
  return (
    <span className={`block-icon cat-${category ?? look?.category ?? 'structure'}`} aria-hidden>
      <Icon size={14} strokeWidth={2} />
    </span>
  )
}
