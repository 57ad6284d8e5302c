# Mixed models of an interpretability study, from the answers in long format.
#
#   Rscript analysis.R [KIND] [FILE]
#
# KIND is person (the default), simulated or model: kinds are never analysed together. FILE is answers.csv in the working
# directory unless another is named; codebook.md explains its columns.
#
# Packages: ordinal (cumulative link mixed models) and lme4 (generalised linear mixed models), both on CRAN:
#   install.packages(c("ordinal", "lme4"))
#
# For every rating task: clmm(rating ~ arm), an ordinal model with a logit link. For every task with right and wrong
# answers: glmer(right ~ arm), a logistic model. Participants and stimuli are crossed random effects; so that an arm's
# effect may differ between people and between stimuli, both also have an effect within each arm. Where such a model does
# not converge (an ordinal one does not where a variance is zero), simpler ones are tried in turn, and the output says
# which was used. Without the effects within arms, p-values are too small when people or stimuli differ by arm.

arguments <- commandArgs(trailingOnly = TRUE)
kind <- if (length(arguments) >= 1) arguments[1] else "person"
file <- if (length(arguments) >= 2) arguments[2] else "answers.csv"

for (package in c("ordinal", "lme4")) {
  if (!requireNamespace(package, quietly = TRUE)) {
    stop("The package ", package, " is not installed. Run install.packages(\"", package, "\") and try again.")
  }
}

answers <- read.csv(file, na.strings = "", encoding = "UTF-8", stringsAsFactors = FALSE, quote = "\"",
                    colClasses = c(participant = "character", stimulus = "character", arm = "character"))
if (!kind %in% answers$kind) {
  stop("The file ", file, " has no answers of the kind ", kind, ". It has: ",
       paste(unique(answers$kind), collapse = ", "), ".")
}

# Who was left out by the rules, attention checks and other kinds are no part of the models.
kept <- answers[answers$kind == kind & is.na(answers$excluded) & answers$attention == 0 & !is.na(answers$arm), ]
cat(sprintf("%s: %d answers of %d participants to %d stimuli\n\n",
            kind, nrow(kept), length(unique(kept$participant)), length(unique(kept$stimulus))))

# The arms in the order in which they first occur in the file; the first is the reference of the coefficients. The
# contrasts below are between all pairs and do not depend on it.
arms <- unique(answers$arm[!is.na(answers$arm)])

prepare <- function(rows) {
  rows$arm <- factor(rows$arm, levels = arms[arms %in% rows$arm])
  rows$participant <- factor(rows$participant)
  rows$stimulus <- factor(rows$stimulus)
  rows$participant_arm <- interaction(rows$participant, rows$arm, drop = TRUE)
  rows$stimulus_arm <- interaction(rows$stimulus, rows$arm, drop = TRUE)
  rows
}

within_arms <- list(
  "both within arms" = " + (1 | participant_arm) + (1 | stimulus_arm)",
  "stimuli within arms" = " + (1 | stimulus_arm)",
  "participants within arms" = " + (1 | participant_arm)",
  "main effects only" = ""
)

# Fits the full model, or the first of the simpler ones that converges.
fit_or_simplify <- function(outcome, fit, converged) {
  for (random in names(within_arms)) {
    effects <- paste0(outcome, " ~ arm + (1 | participant) + (1 | stimulus)", within_arms[[random]])
    model <- tryCatch(suppressWarnings(fit(as.formula(effects))), error = function(e) NULL)
    if (!is.null(model) && converged(model)) {
      return(list(model = model, random = random))
    }
  }
  NULL
}

# All pairwise differences on the scale of the link, by Wald's z; the reference arm has the effect 0.
contrasts_of <- function(task, outcome, levels, effects, covariance, random) {
  names <- paste0("arm", levels[-1])
  effect <- c(0, effects[names])
  variance <- matrix(0, length(levels), length(levels))
  variance[-1, -1] <- covariance[names, names]
  pairs <- combn(seq_along(levels), 2)
  do.call(rbind, apply(pairs, 2, function(pair) {
    difference <- effect[pair[1]] - effect[pair[2]]
    error <- sqrt(variance[pair[1], pair[1]] + variance[pair[2], pair[2]] - 2 * variance[pair[1], pair[2]])
    data.frame(task = task, outcome = outcome, arm = levels[pair[1]], against = levels[pair[2]],
               log_odds = unname(difference), low = unname(difference - 1.96 * error),
               high = unname(difference + 1.96 * error), odds_ratio = unname(exp(difference)),
               p = unname(2 * pnorm(-abs(difference / error))),
               random = random)
  }, simplify = FALSE))
}

ordinal_model <- function(rows) {
  rows$rating <- factor(rows$rating, ordered = TRUE)
  fit_or_simplify(
    "rating",
    function(formula) ordinal::clmm(formula, data = rows, link = "logit", Hess = TRUE),
    function(model) all(is.finite(diag(vcov(model)))) && all(diag(vcov(model))[names(model$beta)] > 0)
  )
}

logistic_model <- function(rows) {
  fit_or_simplify(
    "right",
    function(formula) lme4::glmer(formula, data = rows, family = binomial,
                                  control = lme4::glmerControl(optimizer = "bobyqa",
                                                               optCtrl = list(maxfun = 2e5))),
    # A variance of zero is an answer, not a failure: only the optimiser's verdict counts.
    function(model) model@optinfo$conv$opt == 0 && all(is.finite(as.matrix(vcov(model))))
  )
}

results <- NULL
for (task in unique(kept$task)) {
  rows <- kept[kept$task == task, ]
  rated <- any(!is.na(rows$rating))
  rows <- rows[if (rated) !is.na(rows$rating) else !is.na(rows$right), ]
  rows <- prepare(rows)
  outcome <- if (rated) rows$rating else rows$right
  if (nrow(rows) == 0) next
  if (nlevels(rows$arm) < 2 || length(unique(outcome)) < 2 || nlevels(rows$participant) < 2 ||
      nlevels(rows$stimulus) < 2) {
    cat("## ", task, ": too few arms, participants, stimuli or different answers for a model\n\n", sep = "")
    next
  }
  fitted <- if (rated) ordinal_model(rows) else logistic_model(rows)
  cat("## ", task, if (rated) ": ordinal model of ratings" else ": logistic model of right answers", "\n", sep = "")
  if (is.null(fitted)) {
    cat("No model converged.\n\n")
    next
  }
  cat("Random effects: ", fitted$random, "\n", sep = "")
  print(summary(fitted$model))
  cat("\n")
  effects <- if (rated) coef(fitted$model) else lme4::fixef(fitted$model)
  covariance <- as.matrix(vcov(fitted$model))
  results <- rbind(results, contrasts_of(task, if (rated) "rating" else "right", levels(rows$arm),
                                         effects, covariance, fitted$random))
}

if (is.null(results)) {
  cat("No task could be modelled.\n")
} else {
  # Holm over all pairs of all tasks, as the study's own table of differences.
  results$p_adjusted <- p.adjust(results$p, method = "holm")
  cat("## Contrasts of all pairs of arms, p adjusted by Holm over all of them\n")
  print(format(results, digits = 3), row.names = FALSE)
  write.csv(results, paste0("contrasts-", kind, ".csv"), row.names = FALSE)
  cat("\nWritten to contrasts-", kind, ".csv\n", sep = "")
}

cat("\n")
print(sessionInfo())
