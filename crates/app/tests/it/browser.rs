//! The pages in a real browser: headless Chromium, driven as a person would use it.
//!
//! A page that comes later is a line in `pages.rs`, and with it read by axe-core, weighed, photographed and heard.

mod accessibility;
mod another_account;
mod answers;
mod audit;
mod chromedriver;
mod company;
mod console;
mod examine;
mod focus;
mod forced_colors;
mod hands;
mod https;
mod kept;
mod keyboard;
mod late;
mod led;
mod links;
mod mailbox;
mod marks;
mod older;
mod pages;
mod people;
mod person;
mod policy;
mod reach;
mod reopened;
mod reports;
mod scanners;
mod screen;
mod screenshots;
mod scripts_off;
mod site;
mod spacing;
mod tools;
mod tour;
mod views;
mod walk;
mod walker;
mod webdriver;
mod weight;
