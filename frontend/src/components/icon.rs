//! The icons: 16 × 16, one stroke, the colour of the text beside them. They say nothing to a screen reader;
//! the text beside them does.

use leptos::prelude::*;

/// A drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyph {
    Migrations,
    Changes,
    Runs,
    Rules,
    People,
    Search,
    Check,
    Cross,
    Warning,
    Info,
    Circle,
    Clock,
    Undo,
    Skip,
    Question,
    Lock,
    Play,
    Comment,
    Edit,
    File,
    Database,
    Sun,
    Moon,
    Screen,
    Chevron,
    Copy,
    Plus,
    Keyboard,
    Spinner,
    Shield,
    Out,
}

impl Glyph {
    fn path(self) -> &'static str {
        match self {
            Self::Migrations => "M2.5 4.5h11M2.5 8h11M2.5 11.5h7M12 10v4M10 12l2 2 2-2",
            Self::Changes => {
                "M4.5 2.5v11M4.5 2.5l-2 2M4.5 2.5l2 2M11.5 13.5v-11M11.5 13.5l-2-2M11.5 13.5l2-2"
            }
            Self::Runs | Self::Play => {
                "M5 3.2v9.6a.5.5 0 0 0 .8.4l7-4.8a.5.5 0 0 0 0-.8l-7-4.8a.5.5 0 0 0-.8.4z"
            }
            Self::Rules => {
                "M3 3.5l1.2 1.2L6.5 2.5M3 8.5l1.2 1.2 2.3-2.2M3 13.2h3.5M9 4h4.5M9 8.7h4.5M9 13.2h4.5"
            }
            Self::People => {
                "M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M10.5 7.2a2.2 2.2 0 0 0 0-4.4M12 9.8c1.6.5 2.5 1.8 2.5 3.7"
            }
            Self::Search => "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10.6 10.6L14 14",
            Self::Check => "M3 8.5l3.2 3.2L13 4.8",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Warning => "M8 2.5l6 10.7H2L8 2.5zM8 6.5v3M8 11.3v.2",
            Self::Info => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5v.2",
            Self::Circle => "M8 13A5 5 0 1 0 8 3a5 5 0 0 0 0 10z",
            Self::Clock => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6",
            Self::Undo => "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5l3-3M3 6.5l3 3",
            Self::Skip => "M3.5 8h9",
            Self::Question => "M6 6.2a2 2 0 1 1 2.8 1.9c-.5.2-.8.6-.8 1.2v.2M8 12v.2",
            Self::Lock => "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5",
            Self::Comment => "M2.5 3.5h11v7.5H7l-3 2.5V11H2.5z",
            Self::Edit => "M3 13l.6-2.8 7-7 2.2 2.2-7 7L3 13zM9.4 4.4l2.2 2.2",
            Self::File => "M4 2h5l3 3v9H4zM9 2v3h3",
            Self::Database => {
                "M3 4.2C3 3 5.2 2 8 2s5 1 5 2.2S10.8 6.4 8 6.4 3 5.4 3 4.2zM3 4.2v7.6C3 13 5.2 14 8 14s5-1 5-2.2V4.2M3 8c0 1.2 2.2 2.2 5 2.2S13 9.2 13 8"
            }
            Self::Sun => {
                "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9"
            }
            Self::Moon => "M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z",
            Self::Screen => "M2 3h12v8H2zM6 14h4M8 11v3",
            Self::Chevron => "M6 3.5L10.5 8 6 12.5",
            Self::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Keyboard => "M1.5 4h13v8h-13zM4 6.5h.2M6.7 6.5h.2M9.3 6.5h.2M11.8 6.5h.2M5 9.5h6",
            Self::Spinner => "M8 2a6 6 0 1 1-6 6",
            Self::Shield => {
                "M8 1.8l5 1.8v4c0 3.2-2.2 5.4-5 6.6-2.8-1.2-5-3.4-5-6.6v-4l5-1.8zM5.8 8l1.6 1.6 3-3.2"
            }
            Self::Out => "M6.5 2.5h-4v11h4M6.5 8h7M10.5 5l3 3-3 3",
        }
    }
}

/// Draws one.
#[component]
pub(crate) fn Icon(
    /// Which.
    glyph: Glyph,
) -> impl IntoView {
    let spins = (glyph == Glyph::Spinner).then_some("true");
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" data-spins=spins>
            <path d=glyph.path()></path>
        </svg>
    }
}
