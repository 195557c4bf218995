//! The training loop.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use burn::grad_clipping::GradientClippingConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::LearningRate;
use super::batch::{Batch, Sampler};
use super::begin::begin;
use super::objective::{Objective, Targets};
use crate::console::say;
use crate::data::split::{Parts, Piece};
use crate::data::{Dataset, Stated};
use crate::evaluate::float;
use crate::network::Network;
use crate::quantise::fits;
use crate::recipe::{Optimiser, Recipe, Select, TrainingKeys};
use crate::run::{Changes, RunFolder, RunInfo};
use crate::weights::Weights;

/// Options of a training besides its recipe.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seed of weights, crops and augmentation.
    pub seed: u64,
    /// Epochs instead of the recipe's.
    pub epochs: Option<usize>,
    /// Stop after this epoch, as if interrupted there.
    pub stop_after: Option<usize>,
    /// Continue from the folder's checkpoint.
    pub resume: bool,
    /// Where the data lies, for a later export.
    pub data: PathBuf,
    /// Name and licence of the data, where its cache does not state them.
    pub stated: Stated,
    /// Runs to learn from in addition to the labels.
    pub teachers: Vec<PathBuf>,
    /// Use the cache's front end instead of the recipe's.
    pub approximate_front_end: bool,
    /// Let the manifest divide the tracks, whatever the recipe says.
    pub manifest_split: bool,
    /// Run whose weights are the initial ones.
    pub init_from: Option<PathBuf>,
    /// A flag that, set from outside, ends the run with a checkpoint after the epoch in progress.
    pub interrupt: Arc<AtomicBool>,
}

/// A line of `metrics.jsonl`.
#[derive(Debug, Serialize)]
struct EpochMetrics {
    epoch: usize,
    learning_rate: f64,
    train_loss: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_track_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_window_accuracy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_track_loss: Option<f64>,
    crops_per_second: f64,
    seconds: f64,
}

/// A training in progress.
struct Session<'a> {
    recipe: &'a Recipe,
    dataset: &'a Dataset,
    valid: Vec<Piece<'a>>,
    folder: &'a RunFolder,
    device: Device,
    schedule: LearningRate,
    objective: Objective,
    interrupt: Arc<AtomicBool>,
    /// The last epoch ended with a checkpoint because of an interruption.
    stopped: bool,
    info: RunInfo,
    network: Network,
    average: Weights,
    optimiser: ModuleOptimizer,
}

/// Train the recipe at `path` on the train split, validating the averaged weights on the valid split.
///
/// # Errors
/// The recipe does not fit the data, a file cannot be written, or there is nothing to resume from.
pub fn train(
    path: &Path,
    dataset: &Dataset,
    folder: &RunFolder,
    device: &Device,
    options: &Options,
) -> Result<RunInfo> {
    options.stated.validate()?;
    let recipe = Recipe::read(path)?;
    let resume = options.resume && (folder.has_checkpoint() || !folder.is_begun());
    if resume != options.resume {
        say("no checkpoint to go on from: the run begins anew")?;
    }
    let options = &Options {
        resume,
        ..options.clone()
    };
    let mut changes = Changes::new(
        options.approximate_front_end,
        options.manifest_split,
        dataset,
    );
    if options.resume {
        ensure!(
            Recipe::read(&folder.recipe())? == recipe,
            "the recipe is not the one this run was started with"
        );
        changes = folder.info()?.changes;
    }
    let recipe = &changes.apply(&recipe)?;
    dataset.check(&recipe.front_end(), recipe.window().columns)?;
    let Parts { train, valid, .. } = Parts::new(recipe, dataset)?;
    let steps = Sampler::new(dataset, train.clone(), recipe, 0).steps();
    ensure!(steps > 0, "the train split does not fill one batch");
    let unlabelled = train.iter().filter(|p| p.track.label.is_none()).count();
    ensure!(
        unlabelled == 0 || recipe.distillation.is_some(),
        "{unlabelled} of the train part have no genre; only teachers can teach these (see [distillation])"
    );
    let targets = Targets::read(&options.data, recipe, dataset, &train)?;
    let lock = folder.lock()?;
    let plan = Plan {
        valid,
        steps,
        targets: targets.as_ref(),
    };
    let mut run = Session::start(recipe, dataset, plan, folder, device, options)?;
    run.info.changes = changes;
    if !options.resume {
        folder.create(path)?;
    }
    let sampler =
        Sampler::new(dataset, train, recipe, run.info.seed).with_targets(targets.as_ref());
    let last = options
        .stop_after
        .unwrap_or(run.info.epochs)
        .min(run.info.epochs);
    while run.info.done < last && !run.exhausted() && !run.stopped {
        run.epoch(&sampler)?;
    }
    drop(lock);
    Ok(run.info)
}

/// The parts of the data that a session uses.
struct Plan<'a> {
    valid: Vec<Piece<'a>>,
    /// Steps of an epoch.
    steps: usize,
    targets: Option<&'a Targets>,
}

impl<'a> Session<'a> {
    fn start(
        recipe: &'a Recipe,
        dataset: &'a Dataset,
        plan: Plan<'a>,
        folder: &'a RunFolder,
        device: &Device,
        options: &Options,
    ) -> Result<Self> {
        let keys = &recipe.training;
        let gradients = device.clone().autodiff();
        device.seed(options.seed);
        let network = Network::new(recipe, dataset.genres.len(), &gradients)?;
        let optimiser = optimiser(keys);
        let Plan {
            valid,
            steps,
            targets,
        } = plan;
        let predicted = targets.and_then(|targets| targets.values.as_ref());
        // fresh weights of the network itself are drawn first, so that a seed's are the same with it and without
        let predicting = |network: Network| match predicted {
            Some(table) => network.with_predictor(table.width(), &gradients),
            None => network,
        };
        let (info, (network, average, optimiser)) = if options.resume {
            let info = folder.info()?;
            ensure!(
                info.labels == dataset.genres,
                "the run has the classes {:?}",
                info.labels
            );
            folder.truncate_metrics(info.done)?;
            (info, folder.load(predicting(network), optimiser)?)
        } else {
            let (mut info, network) = begin(network, recipe, dataset, device, options)?;
            info.taught_by
                .extend(targets.map(|targets| targets.origin.clone()));
            let average = network.weights()?;
            fits(recipe, &average, &info.labels).context("the recipe makes no model")?;
            (info, (predicting(network), average, optimiser))
        };
        let network = network.with_exponents(info.exponents.clone());
        let schedule = LearningRate::new(keys, steps * info.epochs);
        let objective = Objective::read(&info.teachers, recipe, &info.labels, device)?;
        let device = device.clone();
        Ok(Self {
            recipe,
            dataset,
            valid,
            folder,
            device,
            schedule,
            objective,
            interrupt: options.interrupt.clone(),
            stopped: false,
            info,
            network,
            average,
            optimiser,
        })
    }

    fn epoch(&mut self, sampler: &Sampler<'_>) -> Result<()> {
        let (epoch, begin) = (self.info.done, Instant::now());
        let steps = sampler.steps();
        let bar = progress(epoch, self.info.epochs, steps)?;
        // what dropout draws depends on seed and epoch only, so that a resumed run draws the same
        let drawn = self.info.seed.wrapping_add((epoch as u64 + 1) << 32);
        self.device.seed(drawn);
        let mut sum = 0.0;
        thread::scope(|scope| {
            // crops are made on a thread of their own, two batches ahead
            let (sender, batches) = sync_channel(2);
            scope.spawn(move || {
                for batch in sampler.epoch(epoch) {
                    if sender.send(batch).is_err() {
                        break; // the loop below has failed and hung up
                    }
                }
            });
            for (step, batch) in batches.into_iter().enumerate() {
                sum += self.step(&batch, epoch * steps + step)?;
                bar.inc(1);
                bar.set_message(format!("loss {:.3}", sum / (step + 1) as f64));
            }
            anyhow::Ok(())
        })?;
        bar.finish_and_clear();
        let train_loss = sum / steps as f64;
        ensure!(
            train_loss.is_finite(),
            "epoch {epoch}: the loss is {train_loss}; lower peak_learning_rate"
        );
        let seconds = begin.elapsed().as_secs_f64();
        let crops = (steps * self.recipe.training.batch.get()) as f64;
        self.info.done += 1;
        let mut metrics = EpochMetrics {
            epoch: self.info.done,
            learning_rate: self.schedule.rate(epoch * steps),
            train_loss,
            valid_track_accuracy: None,
            valid_window_accuracy: None,
            valid_track_loss: None,
            crops_per_second: crops / seconds,
            seconds,
        };
        self.finish_epoch(&mut metrics)?;
        self.folder.log(&metrics)?;
        say(describe(&metrics, self.info.epochs))
    }

    fn step(&mut self, batch: &Batch, step: usize) -> Result<f64> {
        let device = self.device.clone().autodiff();
        let [bins, columns] = self.recipe.input();
        let shape = [batch.size, 1, bins, columns];
        let inputs = TensorData::new(batch.inputs.clone(), shape);
        let answers = (self.network).learn(Tensor::from_data(inputs.clone(), &device));
        let loss = self.objective.loss(answers, batch, &inputs, &self.device);
        let value = f64::from(loss.clone().into_scalar::<f32>());
        let gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        let rate = self.schedule.rate(step);
        self.network = self.optimiser.step(rate, self.network.clone(), gradients);
        // the mean over all steps so far while that is shorter than the decay's memory
        let decay =
            (self.recipe.training.ema_decay.get()).min((1.0 + step as f64) / (10.0 + step as f64));
        self.average.average(&self.network.weights()?, decay as f32);
        Ok(value)
    }

    /// Return whether the validations have not become better for as long as the recipe's patience lasts.
    fn exhausted(&self) -> bool {
        let best = self.info.best.map_or(0, |(_, epoch)| epoch);
        let patience = self.recipe.training.patience;
        patience.is_some_and(|patience| self.info.done - best >= patience.get())
    }

    /// Validate an epoch and write its weights and checkpoint, each where it is due.
    fn finish_epoch(&mut self, metrics: &mut EpochMetrics) -> Result<()> {
        let (keys, done) = (&self.recipe.training, self.info.done);
        let metadata: BTreeMap<_, _> = [
            ("epoch".to_owned(), done.to_string()),
            ("seed".to_owned(), self.info.seed.to_string()),
        ]
        .into();
        let last = done == self.info.epochs;
        if last || done.is_multiple_of(keys.evaluate_every.get()) {
            let classes = self.dataset.genres.len();
            let network = Network::new(self.recipe, classes, &self.device)?
                .with_weights(&self.average)?
                .with_exponents(self.info.exponents.clone());
            let score = float::score(
                &network,
                self.dataset,
                &self.valid,
                self.recipe.window(),
                &self.device,
            )?;
            let accuracy = score.track_accuracy();
            metrics.valid_track_accuracy = Some(accuracy);
            metrics.valid_window_accuracy = Some(score.window_accuracy());
            metrics.valid_track_loss = Some(score.track_loss());
            let selected = match keys.select {
                Select::Best => self.info.best.is_none_or(|(best, _)| accuracy > best),
                Select::Last => true,
            };
            if selected {
                self.info.best = Some((accuracy, done));
                self.average.write(&self.folder.best(), &metadata)?;
            }
        }
        // asked once, so that a training does not stop after an epoch whose checkpoint was not written
        self.stopped = self.interrupt.load(Ordering::Relaxed);
        if last
            || self.exhausted()
            || self.stopped
            || done.is_multiple_of(keys.checkpoint_every.get())
        {
            self.average.write(&self.folder.last(), &metadata)?;
            self.folder
                .save(&self.info, &self.network, &self.average, &self.optimiser)?;
        }
        Ok(())
    }
}

fn optimiser(keys: &TrainingKeys) -> ModuleOptimizer {
    let decay = keys.weight_decay.get() as f32;
    let clipping = GradientClippingConfig::Norm(keys.gradient_norm.get() as f32);
    match keys.optimiser {
        Optimiser::Adamw => AdamWConfig::new()
            .with_weight_decay(decay)
            .with_grad_clipping(Some(clipping))
            .init(),
        Optimiser::Adam => AdamConfig::new()
            .with_weight_decay((decay > 0.0).then(|| WeightDecayConfig::new(decay)))
            .with_grad_clipping(Some(clipping))
            .init(),
    }
}

/// Return a bar on a terminal; elsewhere it draws nothing.
fn progress(epoch: usize, epochs: usize, steps: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg} {eta}")
        .context("progress bar")?;
    let bar = ProgressBar::new(steps as u64).with_style(style);
    bar.set_prefix(format!("epoch {}/{epochs}", epoch + 1));
    Ok(bar)
}

fn describe(metrics: &EpochMetrics, epochs: usize) -> String {
    let mut line = format!(
        "epoch {}/{epochs}  loss {:.4}  {:.0} crops/s",
        metrics.epoch, metrics.train_loss, metrics.crops_per_second
    );
    if let Some(accuracy) = metrics.valid_track_accuracy {
        line += &format!("  valid {:.1} % of tracks", 100.0 * accuracy);
    }
    line
}
