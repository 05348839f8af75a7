//! Building blocks: what things look like and how they behave. Values come in as properties and go out as
//! callbacks; nothing here asks the server or reads the page's context.

mod badge;
mod button;
mod copy;
mod dialog;
mod diff_view;
mod error_card;
mod finding_card;
mod form;
mod icon;
mod loaded;
mod lock_chip;
mod markdown;
mod page_head;
mod password_field;
mod person;
mod plan_view;
mod skeleton;
mod source_frame;
mod tabs;
mod thread;
mod time;
mod toast;

pub(crate) use badge::{Badge, ChangeBadge, FileBadge, RunBadge, Tint};
pub(crate) use button::{Button, LinkButton, Look};
pub(crate) use copy::CopyField;
pub(crate) use dialog::Dialog;
pub(crate) use diff_view::{DiffView, Layout, Remarks, Talk};
pub(crate) use error_card::{ErrorCard, ErrorLine, Obstacles};
pub(crate) use finding_card::{FindingCard, FindingCounts, place_of};
pub(crate) use form::{Form, Sending};
pub(crate) use icon::{Glyph, Icon};
pub(crate) use loaded::Loaded;
pub(crate) use lock_chip::LockChips;
pub(crate) use markdown::Markdown;
pub(crate) use page_head::{Crumb, EmptyState, PageHead};
pub(crate) use password_field::PasswordField;
pub(crate) use person::{Avatar, RoleName};
pub(crate) use plan_view::PlanView;
pub(crate) use skeleton::Skeleton;
pub(crate) use source_frame::SourceFrame;
pub(crate) use tabs::Tabs;
pub(crate) use thread::{Composer, Say, Threads};
pub(crate) use time::{Clock, When};
pub(crate) use toast::ToastList;
