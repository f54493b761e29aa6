import { holds } from '../../search/rules.ts'

holds('with a witness')
