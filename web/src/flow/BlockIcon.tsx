/** What a kind of block looks like: its icon, and the colour of its drawer of the palette. */
import {
  ArrowUpNarrowWide,
  BookOpen,
  Braces,
  Cable,
  CircleDot,
  ClipboardList,
  Clock,
  CornerUpLeft,
  Flag,
  GitBranch,
  Globe,
  Headset,
  Languages,
  ListOrdered,
  MessageCircleQuestion,
  PencilLine,
  Percent,
  PhoneForwarded,
  PhoneIncoming,
  Square,
  Tag,
  ThumbsUp,
  TicketPlus,
  UserSearch,
  Users,
  Voicemail,
  Volume2,
  Workflow,
} from 'lucide-react'
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
  confirm: { icon: ThumbsUp, category: 'listen' },
  survey: { icon: ClipboardList, category: 'listen' },
  lookup_customer: { icon: UserSearch, category: 'know' },
  hours: { icon: Clock, category: 'decide' },
  split: { icon: Percent, category: 'decide' },
  queue_status: { icon: Users, category: 'decide' },
  set: { icon: PencilLine, category: 'state' },
  tag: { icon: Tag, category: 'state' },
  priority: { icon: ArrowUpNarrowWide, category: 'state' },
  callback: { icon: PhoneIncoming, category: 'hand_over' },
  voicemail: { icon: Voicemail, category: 'hand_over' },
  transfer: { icon: PhoneForwarded, category: 'hand_over' },
  recording: { icon: CircleDot, category: 'record' },
  sub_flow: { icon: Workflow, category: 'structure' },
  return: { icon: CornerUpLeft, category: 'structure' },
  external: { icon: Cable, category: 'structure' },
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
