//! The area `delivery`: an artifact for many devices over loopback, each device a host of its own, the simulated fleet in a
//! process of its own on a core of its own, every contestant in a process of its own on the other.

mod bare;
mod conduct;
mod fleet;
mod go;
mod idle;
mod noop;
mod order;
mod ours;
mod process;
mod rows;
mod upload;

pub use conduct::program;
