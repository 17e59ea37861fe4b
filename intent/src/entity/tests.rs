//! Tables of what people say.
